import type { CircuitBreakers, RetryBudget } from '../model/cluster.ts';
import type { Admission } from './admission.ts';
import type { UpstreamHost } from './upstream-host.ts';

/** What a circuit breaker can be open for. */
export type BreakerLimit = 'connections' | 'pending' | 'requests' | 'retries';

/**
 * The concurrent limits of one cluster, with Envoy's meaning, and the attempts that wait for a connection. It outlives
 * snapshots. Clusters without limits have none: nothing is counted for them.
 */
export class CircuitBreaker {
  /** How often each limit was met. */
  readonly overflows: { [limit in BreakerLimit]: number } = { connections: 0, pending: 0, requests: 0, retries: 0 };
  #limits: CircuitBreakers;
  #budget: RetryBudget | null;
  /** Open or being opened, to all hosts. */
  #connections = 0;
  /** Attempts that have a connection, also one that is being opened. */
  #active = 0;
  #connecting = 0;
  #retries = 0;
  /** Sets keep the order of arrival, and leaving from the middle costs nothing. */
  readonly #waiting = new Set<Admission>();
  readonly #waitingByHost = new Map<UpstreamHost, Set<Admission>>();
  /** Hosts that lost a connection on this turn while attempts wait. */
  readonly #closedHosts = new Set<UpstreamHost>();

  constructor(limits: CircuitBreakers, budget: RetryBudget | null) {
    this.#limits = limits;
    this.#budget = budget;
  }

  /** Attempts that wait for a connection, or for one to be opened: what Envoy calls pending. */
  get pending(): number {
    return this.#waiting.size + this.#connecting;
  }

  get retries(): number {
    return this.#retries;
  }

  update(limits: CircuitBreakers, budget: RetryBudget | null): void {
    this.#limits = limits;
    this.#budget = budget;
    this.#serveByCapacity();
  }

  /** Counts an attempt in, if it may have a connection now. */
  tryRequest(): boolean {
    const { maxRequests } = this.#limits;
    if (maxRequests !== null && this.#active >= maxRequests) {
      this.overflows.requests++;
      return false;
    }
    this.#active++;
    return true;
  }

  endRequest(host: UpstreamHost): void {
    this.#active--;
    this.#serveByHost(host);
  }

  /** Whether one more attempt may wait, for a connection or for its opening. */
  mayPend(): boolean {
    const { maxPendingRequests } = this.#limits;
    if (maxPendingRequests === null || this.pending < maxPendingRequests) return true;
    this.overflows.pending++;
    return false;
  }

  /**
   * Whether an attempt that came just now may open a connection. A host that has none at all gets one beyond the limit:
   * else what waits for it might wait for ever.
   */
  mayConnect(host: UpstreamHost): boolean {
    // Whoever waits while there is room is about to be served, and comes first.
    if (this.#hasCapacity()) return this.#waiting.size === 0;
    this.overflows.connections++;
    return host.connections === 0 && !this.#waitingByHost.has(host);
  }

  beginConnecting(): void {
    this.#connecting++;
  }

  endConnecting(): void {
    this.#connecting--;
  }

  onConnectionOpened(): void {
    this.#connections++;
  }

  onConnectionClosed(host: UpstreamHost): void {
    this.#connections--;
    if (this.#waiting.size === 0) return;
    // A connection closes in the middle of its attempt's end, and that attempt still counts: the next one goes after it.
    if (this.#closedHosts.size === 0) queueMicrotask(() => this.#serveAfterClose());
    this.#closedHosts.add(host);
  }

  enqueue(waiter: Admission, host: UpstreamHost): void {
    this.#waiting.add(waiter);
    const sameHost = this.#waitingByHost.get(host);
    if (sameHost === undefined) this.#waitingByHost.set(host, new Set([waiter]));
    else sameHost.add(waiter);
  }

  dequeue(waiter: Admission, host: UpstreamHost): void {
    this.#waiting.delete(waiter);
    const sameHost = this.#waitingByHost.get(host);
    sameHost?.delete(waiter);
    if (sameHost?.size === 0) this.#waitingByHost.delete(host);
  }

  /** Counts a retry in, if one more may run beside the others. */
  tryRetry(): boolean {
    if (this.#retries >= this.#maxRetries()) {
      this.overflows.retries++;
      return false;
    }
    this.#retries++;
    return true;
  }

  endRetry(): void {
    this.#retries--;
  }

  /** A budget replaces the fixed limit. */
  #maxRetries(): number {
    const budget = this.#budget;
    if (budget === null) return this.#limits.maxRetries ?? Number.POSITIVE_INFINITY;
    const running = this.#active + this.#waiting.size;
    return Math.max(Math.floor((budget.percent / 100) * running), budget.minConcurrency);
  }

  #hasCapacity(): boolean {
    const { maxConnections } = this.#limits;
    return maxConnections === null || this.#connections < maxConnections;
  }

  #firstFor(host: UpstreamHost): Admission | undefined {
    return this.#waitingByHost.get(host)?.values().next().value;
  }

  /** A kept connection to `host` may be free. */
  #serveByHost(host: UpstreamHost): void {
    if (this.#waiting.size === 0) return;
    while (host.pool.idleCount > 0) {
      const first = this.#firstFor(host);
      if (first === undefined) return;
      first.takeKept();
    }
  }

  #serveAfterClose(): void {
    const hosts = [...this.#closedHosts];
    this.#closedHosts.clear();
    for (const host of hosts) if (host.connections === 0) this.#firstFor(host)?.connect();
    this.#serveByCapacity();
  }

  /** More connections may be opened: whoever has waited longest gets the next, whichever host it is for. */
  #serveByCapacity(): void {
    while (this.#waiting.size > 0 && this.#hasCapacity()) this.#waiting.values().next().value?.connect();
  }
}

/** null: the cluster has no limits. */
export function hasLimits({ maxConnections, maxPendingRequests, maxRequests, maxRetries }: CircuitBreakers): boolean {
  return maxConnections !== null || maxPendingRequests !== null || maxRequests !== null || maxRetries !== null;
}
