import { setTimeout as delay } from 'node:timers/promises';
import { KeepAliveConnection } from '../support/keep-alive-connection.ts';

export interface GoodReport {
  readonly requests: number;
  readonly failed: number;
  readonly firstFailure: string;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

/** Clients that send a request, read the answer and wait a little, each on a connection of its own. */
export class GoodClients {
  readonly #connections: readonly KeepAliveConnection[];
  readonly #pauseMillis: number;

  constructor(port: number, clients: number, pauseMillis: number) {
    this.#pauseMillis = pauseMillis;
    this.#connections = Array.from({ length: clients }, () => new KeepAliveConnection(port, 'shop.example', '/good'));
  }

  /** What they see in so much time. */
  async measure(millis: number): Promise<GoodReport> {
    const latencies: number[] = [];
    const failures: string[] = [];
    const end = performance.now() + millis;
    const run = async (connection: KeepAliveConnection, index: number): Promise<void> => {
      // Not all in step.
      await delay((index * this.#pauseMillis) / this.#connections.length);
      while (performance.now() < end) {
        const result = await connection.request(`cookie: sid=good-${index}\r\n`, true);
        if ('reason' in result) failures.push(result.reason);
        else if (result.status !== 200 || result.body !== 'ok') failures.push(`${result.status} ${result.body}`);
        else latencies.push(result.millis);
        await delay(this.#pauseMillis);
      }
    };
    await Promise.all(this.#connections.map(run));
    latencies.sort((a, b) => a - b);
    const quantile = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
    return {
      requests: latencies.length + failures.length,
      failed: failures.length,
      firstFailure: failures[0] ?? '',
      p50Millis: quantile(0.5),
      p99Millis: quantile(0.99),
    };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
