import type { Host } from '../affinity/host.ts';
import type { Selection } from '../affinity/selection.ts';
import type { Head } from '../http1/head.ts';
import type { ClusterStats } from './cluster-stats.ts';
import type { CompiledRoute } from './compiled-route.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { RequestPreparation } from './request-preparation.ts';
import type { UpstreamHost } from './upstream-host.ts';

/** What is noted down of an exchange while it runs, for its log line and the counters. One object serves all of a connection. */
export class ExchangeBooks {
  /** 0: the client left before there was a status. */
  status = 0;
  bytesReceived = 0;
  attempts = 0;
  /** From the start of the last attempt to the response's head; -1: there was none. */
  upstreamMillis = -1;
  flags = '';
  readonly #client: DownstreamConnection;
  readonly #preparation: RequestPreparation;
  #startedAt = 0;
  #startedTick = 0;
  #attemptTick = 0;
  /** 0: it has not begun. */
  #waitTick = 0;

  constructor(client: DownstreamConnection, preparation: RequestPreparation) {
    this.#client = client;
    this.#preparation = preparation;
  }

  begin(): void {
    this.#startedAt = Date.now();
    this.#startedTick = performance.now();
    this.status = 0;
    this.bytesReceived = 0;
    this.attempts = 0;
    this.upstreamMillis = -1;
    this.flags = '';
    this.#waitTick = 0;
  }

  /** The request is whole, and the route's time limit runs. */
  beginWait(): void {
    this.#waitTick = performance.now();
  }

  /** How much of the route's time limit is over. */
  get waitedMillis(): number {
    return this.#waitTick === 0 ? 0 : performance.now() - this.#waitTick;
  }

  beginAttempt(): void {
    this.attempts++;
    this.#attemptTick = performance.now();
  }

  answered(status: number): void {
    this.status = status;
    this.upstreamMillis = performance.now() - this.#attemptTick;
  }

  addFlag(flag: string): void {
    this.flags = this.flags === '' ? flag : `${this.flags},${flag}`;
  }

  /** Writes the log line, and counts for the cluster where there is one. */
  close(
    head: Head | null,
    route: CompiledRoute | null,
    selection: Selection<UpstreamHost> | null,
    host: Host<UpstreamHost> | null,
    stats: ClusterStats | undefined,
    bytesSent: number,
  ): void {
    const { listener, remoteAddress } = this.#client;
    const { context, requestId } = this.#preparation;
    const durationMillis = performance.now() - this.#startedTick;
    if (selection !== null && stats) {
      stats.countDecision(selection);
      stats.countResponse(this.status, durationMillis);
    }
    listener.logExchange({
      startedAt: this.#startedAt,
      durationMillis,
      requestId,
      listener: listener.name,
      method: context.method,
      authority: context.authority,
      path: context.originalPath,
      protocol: head?.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1',
      status: this.status,
      responseFlags: this.flags,
      upstreamServiceMillis: this.upstreamMillis,
      bytesReceived: this.bytesReceived,
      bytesSent,
      downstreamRemoteAddress: remoteAddress,
      upstreamPod: host?.endpoint.identity.name ?? '',
      route: route?.route.name ?? '',
      attempts: this.attempts,
      userAgent: head?.value('user-agent') ?? '',
      decision: selection,
    });
  }
}
