import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface GoodReport {
  readonly requests: number;
  readonly failed: number;
  readonly firstFailure: string;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

/** Clients that send a request, read the answer and wait a little, each on a connection of its own. */
export class GoodClients {
  readonly #port: number;
  readonly #agents: readonly Agent[];
  readonly #pauseMillis: number;

  constructor(port: number, clients: number, pauseMillis: number) {
    this.#port = port;
    this.#pauseMillis = pauseMillis;
    this.#agents = Array.from({ length: clients }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  }

  /** What they see in so much time. */
  async measure(millis: number): Promise<GoodReport> {
    const latencies: number[] = [];
    const failures: string[] = [];
    const end = performance.now() + millis;
    const run = async (agent: Agent, index: number): Promise<void> => {
      // Not all in step.
      await delay((index * this.#pauseMillis) / this.#agents.length);
      while (performance.now() < end) {
        const startedAt = performance.now();
        try {
          await ask(agent, this.#port, index);
          latencies.push(performance.now() - startedAt);
        } catch (error) {
          failures.push(String(error));
        }
        await delay(this.#pauseMillis);
      }
    };
    await Promise.all(this.#agents.map(run));
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
    for (const agent of this.#agents) agent.destroy();
  }
}

/** Resolves with a good answer; rejects with what is wrong otherwise. */
function ask(agent: Agent, port: number, client: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'shop.example', cookie: `sid=good-${client}` };
    const outgoing = request({ host: '127.0.0.1', port, path: '/good', agent, headers }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      incoming.once('error', reject);
      incoming.once('end', () => {
        if (incoming.statusCode === 200 && text === 'ok') resolve();
        else reject(new Error(`${incoming.statusCode} ${text.slice(0, 80)}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}
