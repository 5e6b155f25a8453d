import { compileForward, type ForwardPlan } from '../affinity/forward-plan.ts';
import { Selection, type SelectionEnvironment } from '../affinity/selection.ts';
import type { Head } from '../http1/head.ts';
import type { Http1Limits } from '../http1/http1-limits.ts';
import type { ResponseMeaning } from '../http1/meaning.ts';
import { NO_AFFINITY } from '../model/affinity.ts';
import type { RequestView } from '../model/request-view.ts';
import { type ForwardAction, type Mirror, NO_HEADER_OPS } from '../model/route.ts';
import type { RuntimeCluster } from './compiled-route.ts';
import { Deadline } from './deadline.ts';
import type { TimerWheel } from './timer-wheel.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamHost } from './upstream-host.ts';
import { UpstreamRequest, type UpstreamRequestOwner } from './upstream-request.ts';

/** A copy is given up when so long has passed since its start. */
const MAX_MIRROR_MILLIS = 15_000;

/** Bytes that a copy may lag behind before it is given up. */
const MAX_PENDING_BYTES = 1_048_576;

/** A mirror of a route, compiled. */
export interface CompiledMirror {
  readonly percent: number;
  readonly cluster: RuntimeCluster;
  readonly plan: ForwardPlan<UpstreamHost>;
}

/** null: the cluster does not exist, so there is nothing to copy to. */
export function compileMirror(
  mirror: Mirror,
  action: ForwardAction,
  clusterOf: (name: string) => RuntimeCluster | undefined,
): CompiledMirror | null {
  const cluster = clusterOf(mirror.cluster);
  if (cluster === undefined) return null;
  const target = {
    cluster: mirror.cluster,
    weight: 1,
    subset: null,
    hostRewrite: null,
    requestHeaders: NO_HEADER_OPS,
    responseHeaders: NO_HEADER_OPS,
  };
  const copy: ForwardAction = { ...action, targets: [target], affinity: NO_AFFINITY, targetByHash: false, retry: null };
  return { percent: mirror.percent, cluster, plan: compileForward(copy, (name) => clusterOf(name)?.balancer) };
}

export interface MirrorServices {
  readonly selectionEnvironment: SelectionEnvironment;
  readonly limits: { readonly http1: Http1Limits };
  readonly timers: TimerWheel;
}

/**
 * One copy of a request on its way. Its fate never touches the original: the answer is dropped, a failure is only
 * counted, and where the copy's upstream is too slow for the body the copy is given up rather than the client held back.
 */
export class MirrorRequest implements UpstreamRequestOwner {
  readonly #services: MirrorServices;
  readonly #cluster: RuntimeCluster;
  readonly #request: UpstreamRequest;
  readonly #deadline: Deadline = new Deadline(() => this.abandon());
  readonly #method: string;
  readonly #head: string;
  readonly #isChunked: boolean;
  #connection: UpstreamConnection | null = null;

  private constructor(
    mirror: CompiledMirror,
    services: MirrorServices,
    method: string,
    head: string,
    isChunked: boolean,
  ) {
    this.#services = services;
    this.#cluster = mirror.cluster;
    this.#request = new UpstreamRequest(this, services);
    this.#method = method;
    this.#head = head;
    this.#isChunked = isChunked;
  }

  /** Starts the copies that chance asks for; an empty list is the rule. */
  static start(
    mirrors: readonly CompiledMirror[],
    view: RequestView,
    head: string,
    isChunked: boolean,
    services: MirrorServices,
  ): MirrorRequest[] {
    const started: MirrorRequest[] = [];
    for (const mirror of mirrors) {
      if (services.selectionEnvironment.random() * 100 >= mirror.percent) continue;
      const selection = new Selection<UpstreamHost>(mirror.plan, view, services.selectionEnvironment);
      const host = selection.chooseTarget() === null ? null : selection.next();
      if (host === null) continue;
      const copy = new MirrorRequest(mirror, services, view.method, head, isChunked);
      copy.#open(host.state);
      started.push(copy);
    }
    return started;
  }

  body(chunk: Buffer): void {
    if (this.#connection === null || this.#request.body(chunk)) return;
    if (this.#connection.pendingBytes > MAX_PENDING_BYTES) this.abandon();
  }

  end(lastChunk: string): void {
    if (this.#connection !== null) this.#request.end(lastChunk);
  }

  abandon(): void {
    const connection = this.#connection;
    this.#close();
    connection?.abandon();
  }

  onAdmitted(connection: UpstreamConnection): void {
    this.#connection = connection;
    connection.use(this, this.#method, '');
    this.#request.begin(connection, this.#head, this.#isChunked);
    if (connection.isConnected) this.#request.connected();
    this.#services.timers.arm(this.#deadline, MAX_MIRROR_MILLIS);
  }

  /** A copy never waits: its body would have to be kept. */
  onWait(): boolean {
    return false;
  }

  onOverflow(): void {
    this.#cluster.stats.mirrorFailures++;
  }

  /** Copies have one time limit, for the whole of them. */
  onTryTimeout(): void {}

  onUpstreamConnected(): void {
    this.#request.connected();
  }

  onUpstreamHead(_head: Head, meaning: ResponseMeaning): void {
    if (meaning.isTunnel) this.abandon();
  }

  onUpstreamBody(): void {}

  onUpstreamEnd(): void {
    this.#close();
  }

  onUpstreamFlush(): void {}

  onUpstreamFailure(): void {
    this.#cluster.stats.mirrorFailures++;
    this.#close();
  }

  onUpstreamDrain(): void {}

  onUpstreamTunnel(): void {}

  onUpstreamTunnelEnd(): void {}

  #open(state: UpstreamHost): void {
    this.#cluster.stats.mirrors++;
    this.#request.open(this.#cluster, state, false, 0);
  }

  #close(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#request.release();
    this.#services.timers.cancel(this.#deadline);
  }
}
