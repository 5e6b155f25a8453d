import { connect, type Socket } from 'node:net';
import type { Head } from '../http1/head.ts';
import type { Http1Error } from '../http1/http1-error.ts';
import type { Http1Limits } from '../http1/http1-limits.ts';
import type { ResponseMeaning } from '../http1/meaning.ts';
import { ResponseParser } from '../http1/response-parser.ts';
import type { ResponseSink } from '../http1/sinks.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { RuntimeCluster } from './compiled-route.ts';
import type { PooledConnection } from './connection-pool.ts';
import { readFairly } from './fair-reading.ts';
import { SocketWriter } from './socket-writer.ts';
import { probeWhenSilent } from './tcp-keep-alive.ts';
import { TimerEntry, type TimerWheel } from './timer-wheel.ts';
import type { UpstreamHost } from './upstream-host.ts';

/** Why an upstream attempt came to nothing; `stale` is a kept connection that the pod had already closed. */
export type UpstreamFailure =
  | 'connect-refused'
  | 'connect-timeout'
  | 'reset-before-response'
  | 'reset'
  | 'stale'
  | 'protocol';

/** The exchange that a connection currently serves. */
export interface UpstreamUser {
  onUpstreamHead(head: Head, meaning: ResponseMeaning): void;
  onUpstreamBody(chunk: Buffer): void;
  onUpstreamEnd(trailers: Head | null): void;
  /** The connection that was being opened stands. */
  onUpstreamConnected(): void;
  /** All that one read brought has been delivered: time to write what was gathered. */
  onUpstreamFlush(): void;
  /** The connection is gone; nothing follows. */
  onUpstreamFailure(failure: UpstreamFailure, detail: string): void;
  /** What was written has left; writing may go on. */
  onUpstreamDrain(): void;
  /** Bytes after a 101; what the tunnel carries from here on. */
  onUpstreamTunnel(chunk: Buffer): void;
  onUpstreamTunnelEnd(): void;
}

/** How long the last bytes of a tunnel may take to leave. */
const LAST_WRITE_MILLIS = 30_000;

const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);

/** One TCP connection to an upstream host: connecting, then serving one exchange at a time, idle in the pool between them. */
export class UpstreamConnection extends TimerEntry implements ResponseSink, PooledConnection {
  readonly upstream: UpstreamHost;
  idleSince = 0;
  /** Requests that this connection has carried, the current one included. */
  requests = 0;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  readonly #parser: ResponseParser;
  readonly #timers: TimerWheel;
  readonly #breaker: CircuitBreaker | null;
  readonly #maxRequests: number;
  #user: UpstreamUser | null = null;
  #connected = false;
  #responseStarted = false;
  #requestComplete = false;
  #reusable = true;
  #tunnel = false;
  #closed = false;

  constructor(upstream: UpstreamHost, { balancer, breaker }: RuntimeCluster, limits: Http1Limits, timers: TimerWheel) {
    super();
    this.upstream = upstream;
    this.#breaker = breaker;
    this.#maxRequests = balancer.cluster.maxRequestsPerConnection ?? Number.POSITIVE_INFINITY;
    upstream.connections++;
    breaker?.onConnectionOpened();
    this.#timers = timers;
    this.#parser = new ResponseParser(limits, this);
    this.#socket = connect({
      host: upstream.host,
      port: upstream.port,
      noDelay: true,
      // A tunnel's client may go on after the upstream has ended its side.
      allowHalfOpen: true,
      // One buffer for all upstream reads: what arrives is parsed and, where it must live longer, copied before this returns.
      onread: readFairly(
        READ_BUFFER,
        (chunk) => this.#onData(chunk),
        () => this.#socket,
      ),
    });
    this.#writer = new SocketWriter(this.#socket, null);
    this.#socket.once('connect', () => this.#onConnect());
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('drain', () => this.#user?.onUpstreamDrain());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#onSocketError(error));
    this.#socket.on('close', () => this.#onClose());
    timers.arm(this, balancer.cluster.connectTimeoutMillis);
  }

  get isConnected(): boolean {
    return this.#connected;
  }

  /** Begins an exchange. The connection may still be connecting: what is written waits for it. */
  use(user: UpstreamUser, method: string, upgrade: string): void {
    this.#user = user;
    this.#responseStarted = false;
    this.#requestComplete = false;
    this.#reusable = true;
    this.requests++;
    this.#parser.expect(method, upgrade);
  }

  /** Whether more may be written now; false: wait for `onUpstreamDrain`. A buffer may be reused after this returns. */
  write(data: string | Buffer): boolean {
    return this.#writer.write(data);
  }

  /** Bytes written that have not left yet. */
  get pendingBytes(): number {
    return this.#writer.waitingLength + this.#socket.writableLength;
  }

  /** The request is written whole; without this the connection can't be used again after the response. */
  requestCompleted(): void {
    this.#requestComplete = true;
  }

  /** The client can't take more for now. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The client side of a tunnel has ended its stream. */
  endOutput(): void {
    this.#writer.flush();
    this.#socket.end();
  }

  probeWhenSilent(): void {
    probeWhenSilent(this.#socket);
  }

  /** Both sides of a tunnel have ended; what was written still leaves, unless the upstream does not take it. */
  letGo(): void {
    this.#user = null;
    this.#timers.arm(this, LAST_WRITE_MILLIS);
  }

  /** The exchange gives the connection up before its end: it can't be used for another one. */
  abandon(): void {
    this.#user = null;
    this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.cancel(this);
    this.#socket.destroy();
    this.upstream.connections--;
    this.#breaker?.onConnectionClosed(this.upstream);
  }

  /** The connection was not established in time. */
  override onTimer(): void {
    this.#fail('connect-timeout', 'connect timeout');
  }

  onResponseHead(head: Head, meaning: ResponseMeaning): void {
    if (!meaning.isInterim) this.#responseStarted = true;
    this.#user?.onUpstreamHead(head, meaning);
    if (meaning.isTunnel && this.#user !== null) {
      this.#tunnel = true;
      const rest = this.#parser.detach();
      if (rest.length > 0) this.#user.onUpstreamTunnel(rest);
    }
  }

  onResponseBody(chunk: Buffer): void {
    this.#user?.onUpstreamBody(chunk);
  }

  onResponseEnd(trailers: Head | null, isReusable: boolean): void {
    const user = this.#user;
    this.#user = null;
    // Into the pool first: a request that waits behind this one may go out on this very connection.
    const mayServeMore = isReusable && this.#reusable && this.#requestComplete && this.requests < this.#maxRequests;
    if (mayServeMore && !this.#closed) this.upstream.pool.put(this);
    else this.destroy();
    user?.onUpstreamEnd(trailers);
  }

  onResponseError(error: Http1Error): void {
    if (error.code === 'closed-before-response') this.#fail(this.#lossKind(), 'connection closed by the upstream');
    else this.#fail('protocol', error.code);
  }

  #onConnect(): void {
    this.#connected = true;
    this.#timers.cancel(this);
    this.#user?.onUpstreamConnected();
  }

  #onData(chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#tunnel) {
      this.#user?.onUpstreamTunnel(chunk);
      this.#user?.onUpstreamFlush();
      return;
    }
    if (this.#user === null) {
      // Nobody asked: whatever this answers, it must never be taken for the answer to the next request.
      this.upstream.pool.remove(this);
      this.destroy();
      return;
    }
    this.#parser.push(chunk);
    this.#user?.onUpstreamFlush();
  }

  #onEnd(): void {
    if (this.#closed) return;
    if (this.#tunnel) {
      this.#user?.onUpstreamTunnelEnd();
      return;
    }
    // The end may be what completes a response without a length.
    this.#reusable = false;
    if (this.#user !== null) this.#parser.end();
    this.#fail(this.#lossKind(), 'connection closed by the upstream');
  }

  #onSocketError(error: NodeJS.ErrnoException): void {
    this.#fail(this.#connected ? this.#lossKind() : 'connect-refused', error.code ?? error.message);
  }

  #onClose(): void {
    this.#fail(this.#lossKind(), 'connection closed');
  }

  #lossKind(): UpstreamFailure {
    if (!this.#connected) return 'connect-refused';
    if (this.#responseStarted) return 'reset';
    // A pod may close a kept connection just as a request is written to it: that says nothing about the pod's health.
    return this.requests > 1 ? 'stale' : 'reset-before-response';
  }

  #fail(kind: UpstreamFailure, detail: string): void {
    if (this.#closed) return;
    const user = this.#user;
    this.#user = null;
    if (user === null) this.upstream.pool.remove(this);
    this.destroy();
    user?.onUpstreamFailure(kind, detail);
  }
}
