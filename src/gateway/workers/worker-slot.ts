import type { LineRelay } from '../../telemetry/line-relay.ts';
import type { Log } from '../../telemetry/log.ts';
import type { MetricFamily } from '../../telemetry/metric-samples.ts';
import type { BindFailure } from '../gateway.ts';
import type { SessionReport } from '../sessions/session-report.ts';
import type { ListenSocket } from '../sockets/listen-socket.ts';
import type { PrimaryMessage, WorkerMessage, WorkerSettings } from './messages.ts';
import { RestartDelay } from './restart-delay.ts';
import type { WorkerState } from './socket-shares.ts';
import { WorkerProcess } from './worker-process.ts';

/** Pings that may stay unanswered: more is not being busy, not even with the tables of a very large snapshot. */
const MAX_UNANSWERED = { none: 0, starting: 60, serving: 15 } as const;

export interface WorkerSlotOptions {
  readonly index: number;
  readonly settings: WorkerSettings;
  readonly log: Log;
  /** Takes the access log where it goes to standard output. */
  readonly relay: LineRelay | null;
  readonly events: WorkerSlotEvents;
}

export interface WorkerSlotEvents {
  /** A process has started and knows nothing yet. */
  onStart(slot: WorkerSlot): void;
  /** The process serves its first snapshot. */
  onServing(slot: WorkerSlot): void;
  onEjection(slot: WorkerSlot, cluster: string, address: string, ejected: boolean): void;
  onSessions(slot: WorkerSlot, report: SessionReport, drainList: number): void;
  /** The process `pid` has ended. */
  onExit(slot: WorkerSlot, pid: number): void;
}

/** One of the pool's places: has a worker's process, and starts another when that ends. */
export class WorkerSlot {
  readonly index: number;
  state: WorkerState = 'none';
  restarts = 0;
  readonly #options: WorkerSlotOptions;
  readonly #delay = new RestartDelay();
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Sockets that the process has, by key. */
  readonly #held = new Map<string, ReadonlySet<number>>();
  /** Those who wait for an answer, in the order of their questions; null: the process has ended. */
  #applies: ((failures: readonly BindFailure[] | null) => void)[] = [];
  #reports: ((families: readonly MetricFamily[] | null) => void)[] = [];
  #process: WorkerProcess | null = null;
  #restart: NodeJS.Timeout | null = null;
  #isClosing = false;

  constructor(options: WorkerSlotOptions) {
    this.index = options.index;
    this.#options = options;
  }

  /** 0: no process runs. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  start(): void {
    this.#restart = null;
    const { index, settings, relay } = this.#options;
    const worker = new WorkerProcess({
      slot: index,
      hasOutput: relay !== null,
      onMessage: (message) => this.#onMessage(worker, message),
      onExit: (how) => this.#onExit(worker, how),
    });
    this.#process = worker;
    this.state = 'starting';
    if (worker.output !== null) relay?.join(worker.output);
    worker.send({ kind: 'settings', slot: index, settings });
    this.#options.events.onStart(this);
  }

  send(message: PrimaryMessage): void {
    this.#process?.send(message);
  }

  /** Resolves with the listeners that could not be bound, or null if the process ended first. */
  apply(message: Extract<PrimaryMessage, { kind: 'apply' }>): Promise<readonly BindFailure[] | null> {
    return this.#ask(message, this.#applies);
  }

  /** Resolves with the worker's metrics, or null if the process ended first. */
  report(): Promise<readonly MetricFamily[] | null> {
    return this.#ask({ kind: 'report' }, this.#reports);
  }

  /** The worker accepts from these of the key's sockets and no others. */
  hold(key: string, sockets: readonly ListenSocket[], share: ReadonlySet<number>): void {
    const held = this.#held.get(key) ?? new Set();
    for (const index of share) {
      if (!held.has(index)) this.#process?.send({ kind: 'socket', key, index }, sockets[index]);
    }
    for (const index of held) if (!share.has(index)) this.send({ kind: 'dropSocket', key, index });
    this.#held.set(key, share);
  }

  /** The key's listener is gone, and with it the worker's sockets. */
  forget(key: string): void {
    this.#held.delete(key);
  }

  /** Ends a process that has not answered for too long. */
  ping(): void {
    const worker = this.#process;
    if (worker === null) return;
    if (worker.unanswered >= MAX_UNANSWERED[this.state]) {
      this.#options.log.error({ worker: this.index, pid: worker.pid }, 'a worker does not answer and is killed');
      worker.kill();
      return;
    }
    worker.unanswered++;
    worker.send({ kind: 'ping' });
  }

  kill(): void {
    this.#process?.kill();
  }

  /** The worker finishes what runs and is not replaced. Resolves when it has ended. */
  drain(graceMillis: number): Promise<void> {
    this.#isClosing = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    if (this.#process === null) this.#closed.resolve();
    else this.#process.send({ kind: 'drain', graceMillis });
    return this.#closed.promise;
  }

  #ask<T>(question: PrimaryMessage, waiting: ((answer: T | null) => void)[]): Promise<T | null> {
    return new Promise((resolve) => {
      if (this.#process === null) resolve(null);
      else {
        waiting.push(resolve);
        this.#process.send(question);
      }
    });
  }

  #onMessage(worker: WorkerProcess, message: WorkerMessage): void {
    const { index, log, events } = this.#options;
    worker.unanswered = 0;
    switch (message.kind) {
      case 'pong':
        break;
      case 'applied':
        if (this.state !== 'serving') this.#onServing(worker);
        this.#applies.shift()?.(message.failures);
        break;
      case 'report':
        this.#reports.shift()?.(message.families);
        break;
      case 'ejection':
        events.onEjection(this, message.cluster, message.address, message.ejected);
        break;
      case 'sessions':
        events.onSessions(this, message.report, message.drainList);
        break;
      case 'log':
        log[message.level]({ worker: index, ...message.fields }, message.message);
    }
  }

  #onServing(worker: WorkerProcess): void {
    const { index, log, events } = this.#options;
    this.state = 'serving';
    const startMillis = Math.round(performance.now() - worker.startedAt);
    if (this.restarts > 0) log.info({ worker: index, pid: worker.pid, startMillis }, 'the new worker serves');
    events.onServing(this);
  }

  #onExit(worker: WorkerProcess, how: string): void {
    const { index, log, events } = this.#options;
    this.#process = null;
    this.state = 'none';
    this.#held.clear();
    for (const resolve of [...this.#applies.splice(0), ...this.#reports.splice(0)]) resolve(null);
    events.onExit(this, worker.pid);
    if (this.#isClosing) {
      this.#closed.resolve();
      return;
    }
    const delayMillis = this.#delay.next(performance.now() - worker.startedAt);
    log.error({ worker: index, pid: worker.pid, how, delayMillis }, 'a worker has ended; another takes its place');
    this.restarts++;
    this.#restart = setTimeout(() => this.start(), delayMillis);
  }
}
