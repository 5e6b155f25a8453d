import { KeepAliveConnection, type RequestFailure, type TimedResponse } from '../support/keep-alive-connection.ts';
import { FLAPPING_POD, SESSION_HEADER } from './soak-shop.ts';

/** Requests of one session before its client starts another. */
const REQUESTS_PER_SESSION = 100;
/** One request in so many ends its connection, so that new ones come all the time. */
const REQUESTS_PER_CONNECTION = 20;
const TICK_MILLIS = 10;
/** Latencies are counted in buckets of a tenth of a millisecond. */
const LATENCY_BUCKETS = 100_000;

/** What a load has come to so far. */
export interface LoadCounts {
  readonly succeeded: number;
  readonly failures: readonly (RequestFailure & { readonly at: number })[];
  /** Sessions that began, by the pod they began on. */
  readonly sessions: ReadonlyMap<string, number>;
  /** Requests of a session that another pod answered although the session's own has been there all the time. */
  readonly strayed: readonly string[];
  /** Requests that were due when every client was busy. */
  readonly late: number;
  /** Milliseconds below which this share of the latencies lies. */
  latencyMillis(share: number): number;
}

/** Clients with sessions, each on a keep-alive connection of its own. */
export class SoakLoad {
  readonly #clients: SoakClient[];
  readonly #idle: SoakClient[];
  readonly #failures: (RequestFailure & { readonly at: number })[] = [];
  readonly #sessions = new Map<string, number>();
  readonly #strayed: string[] = [];
  readonly #latencies = new Uint32Array(LATENCY_BUCKETS);
  #succeeded = 0;
  #late = 0;

  constructor(port: number, clients: number) {
    this.#clients = Array.from({ length: clients }, () => new SoakClient(port));
    this.#idle = [...this.#clients];
  }

  get counts(): LoadCounts {
    return {
      succeeded: this.#succeeded,
      failures: this.#failures,
      sessions: this.#sessions,
      strayed: this.#strayed,
      late: this.#late,
      latencyMillis: (share) => this.#latencyMillis(share),
    };
  }

  /** As much as goes, each client with its next request as soon as it has an answer. Requests per second. */
  async measureCapacity(millis: number): Promise<number> {
    const startedAt = performance.now();
    const before = this.#succeeded;
    const isOver = (): boolean => performance.now() - startedAt >= millis;
    await Promise.all(
      this.#clients.map(async (client) => {
        while (!isOver()) this.#count(await client.request());
      }),
    );
    const capacity = ((this.#succeeded - before) * 1000) / (performance.now() - startedAt);
    // What follows is another thing to measure.
    this.#latencies.fill(0);
    this.#succeeded = 0;
    return capacity;
  }

  /** `rate` requests per second, whatever becomes of them, until the time is over. */
  async run(rate: number, millis: number): Promise<void> {
    const startedAt = performance.now();
    let sent = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const ticker = setInterval(() => {
      const elapsed = performance.now() - startedAt;
      const due = Math.floor((Math.min(elapsed, millis) * rate) / 1000);
      for (; sent < due; sent++) this.#send();
      if (elapsed >= millis) resolve();
    }, TICK_MILLIS);
    await promise;
    clearInterval(ticker);
    while (this.#idle.length < this.#clients.length) await new Promise((next) => setTimeout(next, TICK_MILLIS));
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #send(): void {
    const client = this.#idle.shift();
    if (client === undefined) {
      this.#late++;
      return;
    }
    void client.request().then((result) => {
      this.#count(result);
      this.#idle.push(client);
    });
  }

  #count({ response, failure, begun, strayed }: SoakResult): void {
    if (failure !== null) this.#failures.push({ ...failure, at: Date.now() });
    if (response === null) return;
    this.#succeeded++;
    const bucket = Math.min(LATENCY_BUCKETS - 1, Math.floor(response.millis * 10));
    this.#latencies[bucket] = (this.#latencies[bucket] ?? 0) + 1;
    if (begun !== null) this.#sessions.set(begun, (this.#sessions.get(begun) ?? 0) + 1);
    if (strayed !== null) this.#strayed.push(strayed);
  }

  #latencyMillis(share: number): number {
    const total = this.#latencies.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    const bucket = this.#latencies.findIndex((count) => {
      seen += count;
      return seen >= total * share;
    });
    return (bucket + 1) / 10;
  }
}

interface SoakResult {
  /** null: `failure` says why. */
  readonly response: TimedResponse | null;
  readonly failure: RequestFailure | null;
  /** The pod of a session that begins with this response. */
  readonly begun: string | null;
  /** Set where the session has left a pod that stays. */
  readonly strayed: string | null;
}

/** A client that carries its session's token, and forgets it after a while. */
class SoakClient {
  readonly #connection: KeepAliveConnection;
  #requests = 0;
  #token = '';
  #pod = '';

  constructor(port: number) {
    this.#connection = new KeepAliveConnection(port, 'soak', '/soak');
  }

  async request(): Promise<SoakResult> {
    if (this.#requests++ % REQUESTS_PER_SESSION === 0) this.#token = '';
    const isNew = this.#token === '';
    const lines = isNew ? '' : `${SESSION_HEADER}: ${this.#token}\r\n`;
    const result = await this.#connection.request(lines, this.#requests % REQUESTS_PER_CONNECTION !== 0);
    if ('reason' in result) return { response: null, failure: result, begun: null, strayed: null };
    if (result.status !== 200) {
      const failure = { reason: `status ${result.status}: ${result.body.trim()}`, clientPort: 0 };
      return { response: null, failure, begun: null, strayed: null };
    }
    const [, token] = new RegExp(`\\r\\n${SESSION_HEADER}: ([^\\r]+)\\r\\n`, 'i').exec(result.head) ?? [];
    const before = this.#pod;
    this.#pod = result.body;
    if (token !== undefined) this.#token = token;
    const hasStrayed = !isNew && before !== FLAPPING_POD && before !== this.#pod;
    return {
      response: result,
      failure: null,
      begun: isNew ? this.#pod : null,
      strayed: hasStrayed ? `from ${before} to ${this.#pod}` : null,
    };
  }

  close(): void {
    this.#connection.close();
  }
}
