import { setTimeout as delay } from 'node:timers/promises';
import type { Snapshot } from '../../model/model.ts';
import type { LineRelay } from '../../telemetry/line-relay.ts';
import type { Log } from '../../telemetry/log.ts';
import type { MetricFamily } from '../../telemetry/metric-samples.ts';
import type { BindFailure, KeyRingTexts } from '../gateway.ts';
import type { SessionReport } from '../sessions/session-report.ts';
import type { SocketStore } from '../sockets/socket-store.ts';
import type { PrimaryMessage, WorkerKnowledge, WorkerSettings } from './messages.ts';
import { shareSockets } from './socket-shares.ts';
import { WorkerSlot } from './worker-slot.ts';

const PING_MILLIS = 1_000;
/** On top of the grace period; workers that still run then are killed. */
const KILL_MARGIN_MILLIS = 2_000;
/** A worker that takes longer to say how it does is left out this time. */
const REPORT_MILLIS = 2_000;

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly settings: WorkerSettings;
  readonly sockets: SocketStore;
  readonly log: Log;
  /** Takes the access log where it goes to standard output. */
  readonly relay: LineRelay | null;
  readonly events: WorkerPoolEvents;
  /** How often each worker is asked whether it is there. */
  readonly pingMillis?: number;
}

export interface WorkerPoolEvents {
  /** What a worker has to know when it starts to serve a snapshot; `isNew`: it has served none. */
  knowledgeFor(worker: number, isNew: boolean): WorkerKnowledge;
  onSessions(worker: number, report: SessionReport, drainList: number): void;
  onEjection(worker: number, cluster: string, address: string, ejected: boolean): void;
  onExit(worker: number, pid: number): void;
}

export interface WorkerView {
  readonly worker: number;
  /** 0: none runs at the moment. */
  readonly pid: number;
  readonly isServing: boolean;
  readonly restarts: number;
}

/** The workers' processes: all serve one snapshot from the same ports, and one that ends is replaced. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: readonly WorkerSlot[];
  readonly #pinger: NodeJS.Timeout;
  #snapshot: Snapshot | null = null;
  readonly #keyRings = new Map<string, string>();
  #isClosing = false;

  /** Starts the processes. */
  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const { settings, log, relay, events } = options;
    const slotEvents = {
      onStart: (slot: WorkerSlot) => this.#onStart(slot),
      onServing: () => this.#shareSockets(),
      onEjection: (slot: WorkerSlot, cluster: string, address: string, ejected: boolean) =>
        events.onEjection(slot.index, cluster, address, ejected),
      onSessions: (slot: WorkerSlot, report: SessionReport, drainList: number) =>
        events.onSessions(slot.index, report, drainList),
      onExit: (slot: WorkerSlot, pid: number) => this.#onExit(slot, pid),
    };
    this.#slots = Array.from(
      { length: options.workers },
      (_, index) => new WorkerSlot({ index, settings, log, relay, events: slotEvents }),
    );
    for (const slot of this.#slots) slot.start();
    this.#pinger = setInterval(() => this.#ping(), options.pingMillis ?? PING_MILLIS);
    this.#pinger.unref();
  }

  get workerCount(): number {
    return this.#slots.length;
  }

  get workers(): readonly WorkerView[] {
    return this.#slots.map(({ index, pid, state, restarts }) => ({
      worker: index,
      pid,
      isServing: state === 'serving',
      restarts,
    }));
  }

  /**
   * Resolves when every worker serves the snapshot, with the listeners that some of them could not bind. A worker that
   * ends meanwhile is not waited for: its successor begins with this snapshot. At the start there is nothing to go back
   * to, so it rejects then.
   */
  async apply(snapshot: Snapshot): Promise<readonly BindFailure[]> {
    const isFirst = this.#snapshot === null;
    // Workers have no use for diagnostics, and there can be many.
    this.#snapshot = { ...snapshot, diagnostics: [] };
    this.#shareSockets();
    const answers = await Promise.all(this.#slots.map((slot) => this.#applyTo(slot)));
    if (isFirst && answers.includes(null)) throw new Error('a worker ended before it could serve');
    const failures = new Map(answers.flatMap((each) => each ?? []).map((failure) => [failure.listener, failure]));
    return [...failures.values()];
  }

  /** Before the next snapshot; rings that are not named stay. */
  useKeyRings(rings: KeyRingTexts): void {
    for (const [name, text] of rings) this.#keyRings.set(name, text);
    this.sendAll({ kind: 'keyRings', rings });
  }

  /** To be called when the listener is gone. */
  forgetSockets(key: string): void {
    for (const slot of this.#slots) slot.forget(key);
  }

  send(worker: number, message: PrimaryMessage): void {
    this.#slots[worker]?.send(message);
  }

  sendAll(message: PrimaryMessage): void {
    for (const slot of this.#slots) slot.send(message);
  }

  /** What the workers say of themselves, by process id. */
  async report(): Promise<ReadonlyMap<number, readonly MetricFamily[]>> {
    const reports = new Map<number, readonly MetricFamily[]>();
    const asked = this.#slots.map(async (slot) => {
      const { pid } = slot;
      const families = await slot.report();
      if (families !== null) reports.set(pid, families);
    });
    await Promise.race([Promise.all(asked), delay(REPORT_MILLIS, undefined, { ref: false })]);
    return reports;
  }

  /** All finish what runs and end; those that don't within `graceMillis` are killed a little later. */
  async drain(graceMillis: number): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#pinger);
    const killer = setTimeout(() => this.kill(), graceMillis + KILL_MARGIN_MILLIS);
    await Promise.all(this.#slots.map((slot) => slot.drain(graceMillis)));
    clearTimeout(killer);
  }

  kill(): void {
    for (const slot of this.#slots) slot.kill();
  }

  #onStart(slot: WorkerSlot): void {
    if (this.#keyRings.size > 0) slot.send({ kind: 'keyRings', rings: this.#keyRings });
    if (this.#snapshot === null) return;
    this.#shareSockets();
    void this.#applyTo(slot);
  }

  #onExit(slot: WorkerSlot, pid: number): void {
    if (!this.#isClosing) this.#shareSockets();
    this.#options.events.onExit(slot.index, pid);
  }

  #applyTo(slot: WorkerSlot): Promise<readonly BindFailure[] | null> {
    const knowledge = this.#options.events.knowledgeFor(slot.index, slot.state !== 'serving');
    return slot.apply({ kind: 'apply', snapshot: this.#snapshot as Snapshot, ...knowledge });
  }

  #shareSockets(): void {
    const states = this.#slots.map((slot) => slot.state);
    const { sockets } = this.#options;
    for (const key of sockets.keys) {
      const all = sockets.socketsOf(key);
      const shares = shareSockets(states, all.length);
      for (const slot of this.#slots) slot.hold(key, all, shares[slot.index] ?? new Set());
    }
  }

  #ping(): void {
    for (const slot of this.#slots) slot.ping();
  }
}
