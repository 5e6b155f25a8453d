import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { clientPortsOf } from '../support/connections.ts';
import { childrenOf } from '../support/processes.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { type LoadCounts, SoakLoad } from './soak-load.ts';
import { heapProbeEnvironment, liveBytes, type MemorySample, type MemoryTrend, residentBytes } from './soak-memory.ts';
import { SoakShop } from './soak-shop.ts';

export interface SoakOptions {
  readonly durationMillis: number;
  readonly capacityMillis: number;
  readonly editEveryMillis: number;
  readonly flapEveryMillis: number;
  readonly killEveryMillis: number;
  readonly workers: number;
  readonly clients: number;
  /** Share of the measured capacity. */
  readonly load: number;
  readonly onProgress: (line: string) => void;
}

/** A worker that was killed. */
export interface Kill {
  readonly worker: number;
  /** Client ports of the connections it had. */
  readonly connections: ReadonlySet<number>;
  /** From the kill until its successor served; null: not before the end. */
  readonly backMillis: number | null;
}

export interface SoakResult {
  readonly capacity: number;
  readonly rate: number;
  readonly counts: LoadCounts;
  readonly kills: readonly Kill[];
  readonly edits: number;
  readonly flaps: number;
  /** Configurations that came to be served. */
  readonly revisions: number;
  /** Failed requests on a connection of a worker that was killed. */
  readonly failedInside: LoadCounts['failures'];
  /** All others: there must be none. */
  readonly failedOutside: LoadCounts['failures'];
  /** Of processes that lived from the beginning to the end. */
  readonly memory: readonly MemoryTrend[];
  readonly durationMillis: number;
  /** How the gateway ended after SIGTERM. */
  readonly exit: number | NodeJS.Signals;
}

const SAMPLE_MILLIS = 2_000;
/** For a worker that was killed last to come back. */
const SETTLE_MILLIS = 5_000;

/** Serves a load while configuration, endpoints and workers change under it. Linux only. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(createTempDir());
  const shop = cleanup.use(await SoakShop.start(folder));
  const heapFile = join(folder.path, 'heap.jsonl');
  const limpet = cleanup.use(
    await startLimpet(
      [
        ...['run', '-f', shop.path, '--port', '80=0', '--bind', '127.0.0.1', '--admin', 'off'],
        ...['--access-log', '/dev/null', '--workers', String(options.workers)],
      ],
      { env: heapProbeEnvironment(heapFile) },
    ),
  );
  const [, port] = await limpet.waitForLine(/^ready: .* on 127\.0\.0\.1:(\d+);/);
  const load = new SoakLoad(Number(port), options.clients);
  cleanup.defer(() => load.close());
  const capacity = await load.measureCapacity(options.capacityMillis);
  const rate = capacity * options.load;
  options.onProgress(`${capacity.toFixed(0)} requests/s at most; going on with ${rate.toFixed(0)}`);

  const chaos = new Chaos(limpet, shop, Number(port), options, load, heapFile);
  const startedAt = performance.now();
  chaos.start();
  await load.run(rate, options.durationMillis);
  const durationMillis = performance.now() - startedAt;
  const kills = await chaos.stop();
  await chaos.sampleLive();
  limpet.signal('SIGTERM');
  const exit = await limpet.exit;
  const { counts } = load;
  const inside = new Set(kills.flatMap(({ connections }) => [...connections]));
  return {
    capacity,
    rate,
    counts,
    kills,
    edits: shop.edits,
    flaps: shop.flaps,
    revisions: limpet.output().match(/revision \d+ serves/g)?.length ?? 0,
    failedInside: counts.failures.filter(({ clientPort }) => inside.has(clientPort)),
    failedOutside: counts.failures.filter(({ clientPort }) => !inside.has(clientPort)),
    memory: chaos.memory,
    durationMillis,
    exit,
  };
}

interface PendingKill {
  readonly worker: number;
  readonly connections: ReadonlySet<number>;
  readonly backMillis: Promise<number | null>;
}

/** Changes the configuration, the endpoints and the workers again and again, and watches the processes' memory. */
class Chaos {
  readonly #limpet: TestProcess;
  readonly #shop: SoakShop;
  readonly #port: number;
  readonly #options: SoakOptions;
  readonly #load: SoakLoad;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #kills: PendingKill[] = [];
  readonly #samples = new Map<number, MemorySample[]>();
  readonly #heapFile: string;
  readonly #live = new Map<number, number[]>();
  #startedAt = 0;

  constructor(
    limpet: TestProcess,
    shop: SoakShop,
    port: number,
    options: SoakOptions,
    load: SoakLoad,
    heapFile: string,
  ) {
    this.#heapFile = heapFile;
    this.#limpet = limpet;
    this.#shop = shop;
    this.#port = port;
    this.#options = options;
    this.#load = load;
  }

  start(): void {
    this.#startedAt = performance.now();
    const { editEveryMillis, flapEveryMillis, killEveryMillis } = this.#options;
    this.#timers.push(
      setInterval(() => this.#shop.edit(), editEveryMillis),
      setInterval(() => this.#shop.flap(), flapEveryMillis),
      setInterval(() => this.#kill(), killEveryMillis),
      setInterval(() => this.#sample(), SAMPLE_MILLIS),
      // Long before the time in which resident memory is watched, which a forced collection disturbs.
      setTimeout(() => void this.sampleLive(), this.#options.durationMillis * 0.05),
    );
  }

  /** Resolves when the last worker that was killed is back, or takes too long. */
  async stop(): Promise<readonly Kill[]> {
    for (const timer of this.#timers) clearInterval(timer);
    return await Promise.all(
      this.#kills.map(async ({ worker, connections, backMillis }) => ({
        worker,
        connections,
        backMillis: await backMillis,
      })),
    );
  }

  /** Of processes that were there from the first sample to the last. */
  get memory(): readonly MemoryTrend[] {
    const longest = Math.max(...[...this.#samples.values()].map((samples) => samples.length));
    return [...this.#samples]
      .filter(([, samples]) => samples.length === longest)
      .map(([pid, samples]) => ({
        pid,
        samples,
        name: pid === this.#limpet.pid ? 'primary' : 'worker',
        liveBytes: this.#live.get(pid) ?? [],
      }));
  }

  /** Asks all processes what they really use. */
  async sampleLive(): Promise<void> {
    for (const pid of [this.#limpet.pid, ...childrenOf(this.#limpet.pid)]) {
      const bytes = await liveBytes(pid, this.#heapFile);
      if (bytes !== null) this.#live.set(pid, [...(this.#live.get(pid) ?? []), bytes]);
    }
  }

  /** The last worker is spared: its memory is watched over the whole time. */
  #kill(): void {
    const worker = this.#kills.length % Math.max(1, this.#options.workers - 1);
    const pid = childrenOf(this.#limpet.pid).find((child) => workerOf(child) === worker);
    if (pid === undefined) return;
    // It accepts nothing more between the look at its connections and its end.
    process.kill(pid, 'SIGSTOP');
    const connections = clientPortsOf(pid, this.#port);
    const killedAt = performance.now();
    const earlier = this.#kills.filter((kill) => kill.worker === worker).length;
    process.kill(pid, 'SIGKILL');
    this.#kills.push({ worker, connections, backMillis: this.#untilBack(worker, earlier, killedAt) });
    const seconds = ((killedAt - this.#startedAt) / 1000).toFixed(0);
    const { succeeded, failures } = this.#load.counts;
    this.#options.onProgress(`${seconds} s: ${succeeded} requests, ${failures.length} failed; worker ${worker} killed`);
  }

  async #untilBack(worker: number, earlier: number, killedAt: number): Promise<number | null> {
    const pattern = new RegExp(`"worker":${worker},.*"the new worker serves"`);
    const deadline = killedAt + SETTLE_MILLIS;
    while (performance.now() < deadline) {
      const lines = this.#limpet.output().split('\n');
      if (lines.filter((line) => pattern.test(line)).length > earlier) return performance.now() - killedAt;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return null;
  }

  #sample(): void {
    const millis = performance.now() - this.#startedAt;
    for (const pid of [this.#limpet.pid, ...childrenOf(this.#limpet.pid)]) {
      const samples = this.#samples.get(pid) ?? [];
      samples.push({ millis, bytes: residentBytes(pid) });
      this.#samples.set(pid, samples);
    }
  }
}

/** Place among the workers, which its arguments tell; -1: the process is no worker. */
function workerOf(pid: number): number {
  const [, worker = '-1'] = /--worker=(\d+)/.exec(readFileSync(`/proc/${pid}/cmdline`, 'latin1')) ?? [];
  return Number(worker);
}
