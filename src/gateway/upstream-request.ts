import { encodeChunkSize } from '../http1/encode-body.ts';
import type { Http1Limits } from '../http1/http1-limits.ts';
import { Admission, type AdmissionOwner } from './admission.ts';
import type { RuntimeCluster } from './compiled-route.ts';
import { Deadline } from './deadline.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { UpstreamConnection, type UpstreamUser } from './upstream-connection.ts';
import type { UpstreamHost } from './upstream-host.ts';

/** Body pieces up to this size leave in one write with what stands before them. */
const JOINED_BYTES = 4096;

/** Whose request it is: hears how it finds a connection, then what the connection has to say. */
export interface UpstreamRequestOwner extends UpstreamUser {
  /** The request may go out over `connection`. */
  onAdmitted(connection: UpstreamConnection): void;
  /** The cluster's limits let it wait for a connection; false: it would rather be refused. */
  onWait(): boolean;
  /** The cluster's limits refuse it. */
  onOverflow(): void;
  /** The try took longer than it may. */
  onTryTimeout(): void;
}

export interface UpstreamServices {
  readonly limits: { readonly http1: Http1Limits };
  readonly timers: TimerWheel;
}

/**
 * A request on its way to an upstream host: finds a connection, counts as load while it has one, and is written to it;
 * text is gathered and leaves with the next flush. One object serves all attempts of its owner.
 */
export class UpstreamRequest implements AdmissionOwner {
  readonly #owner: UpstreamRequestOwner;
  readonly #services: UpstreamServices;
  readonly #tryDeadline: Deadline = new Deadline(() => this.#owner.onTryTimeout());
  /** 0: a try has no time limit of its own. */
  #tryMillis = 0;
  #isComplete = false;
  #connection: UpstreamConnection | null = null;
  #cluster: RuntimeCluster | null = null;
  /** Made for the first request to a cluster with limits. */
  #admission: Admission | null = null;
  #text = '';
  #isChunked = false;

  constructor(owner: UpstreamRequestOwner, services: UpstreamServices) {
    this.#owner = owner;
    this.#services = services;
  }

  get connection(): UpstreamConnection | null {
    return this.#connection;
  }

  /**
   * Begins a try: looks for a connection, a kept one unless `isFresh`, else a new one (where the cluster's limits let
   * it); the owner hears of it, at once or later. `tryMillis` limits the time to the response's head from when the whole
   * request is on its way over a connection, as Envoy has it; 0: no limit.
   */
  open(cluster: RuntimeCluster, host: UpstreamHost, isFresh: boolean, tryMillis: number): void {
    this.#cluster = cluster;
    this.#tryMillis = tryMillis;
    if (cluster.breaker === null) {
      this.#owner.onAdmitted((isFresh ? undefined : host.pool.take()) ?? this.connect(host));
      return;
    }
    this.#admission ??= new Admission(this);
    this.#admission.enter(cluster.breaker, host, isFresh);
  }

  connect(host: UpstreamHost): UpstreamConnection {
    const { limits, timers } = this.#services;
    return new UpstreamConnection(host, this.#cluster as RuntimeCluster, limits.http1, timers);
  }

  onAdmitted(connection: UpstreamConnection): void {
    this.#owner.onAdmitted(connection);
  }

  onWait(): boolean {
    return this.#owner.onWait();
  }

  onOverflow(): void {
    this.#owner.onOverflow();
  }

  /** Takes the connection. From here to `release` the request counts as load of its host and cluster. */
  begin(connection: UpstreamConnection, head: string, isChunked: boolean): void {
    const { upstream } = connection;
    this.#connection = connection;
    upstream.requests++;
    upstream.activeRequests++;
    if (this.#cluster !== null) this.#cluster.balancer.activeRequests++;
    this.#text = head;
    this.#isChunked = isChunked;
    this.#isComplete = false;
  }

  /** False: the upstream can't take more for now. `chunk` may be reused by its owner after this returns. */
  body(chunk: Buffer): boolean {
    if (this.#isChunked) this.#text += encodeChunkSize(chunk.length);
    let mayGoOn = true;
    if (chunk.length <= JOINED_BYTES) {
      this.#text += chunk.toString('latin1');
    } else {
      this.flush();
      mayGoOn = this.#connection?.write(chunk) ?? true;
    }
    if (this.#isChunked) this.#text += '\r\n';
    return mayGoOn;
  }

  /** `lastChunk` ends a chunked body. */
  end(lastChunk: string): void {
    if (this.#isChunked) this.#text += lastChunk;
    this.flush();
    this.#connection?.requestCompleted();
    this.#isComplete = true;
    this.#armTry();
  }

  flush(): boolean {
    if (this.#text === '' || this.#connection === null) return true;
    const text = this.#text;
    this.#text = '';
    return this.#connection.write(text);
  }

  /** The connection stands: it is no new one, or has been opened. */
  connected(): void {
    this.#admission?.connected();
    this.#connection?.upstream.outlier?.onConnected();
    this.#armTry();
  }

  /** The try has its response. */
  answered(): void {
    this.#tryMillis = 0;
    this.#services.timers.cancel(this.#tryDeadline);
  }

  /** The attempt is over, or its owner waits no longer; what was not flushed is dropped. */
  release(): void {
    this.#services.timers.cancel(this.#tryDeadline);
    if (this.#connection !== null && this.#cluster !== null) {
      this.#connection.upstream.activeRequests--;
      this.#cluster.balancer.activeRequests--;
      this.#connection = null;
    }
    this.#text = '';
    // Last, because whoever waits goes out now.
    this.#admission?.end();
  }

  /** Gives the attempt up together with its connection. */
  drop(): void {
    const connection = this.#connection;
    this.release();
    connection?.abandon();
  }

  #armTry(): void {
    if (this.#tryMillis === 0 || !this.#isComplete || this.#connection?.isConnected !== true) return;
    this.#services.timers.arm(this.#tryDeadline, this.#tryMillis);
  }
}
