import type { SendHandle } from 'node:child_process';
import { type AccessLog, createAccessLog } from '../../telemetry/access-log.ts';
import type { Log } from '../../telemetry/log.ts';
import { createMetricSamples, type MetricSamples } from '../../telemetry/metric-samples.ts';
import { resolveBinding } from '../bindings.ts';
import { sessionCapacity } from '../data-plane.ts';
import { Gateway } from '../gateway.ts';
import { registerGatewayMetrics } from '../gateway-metrics.ts';
import type { HealthSharing } from '../health/health-sharing.ts';
import type { Runtime } from '../runtime.ts';
import type { DrainList } from '../sessions/host-drains.ts';
import { PodChanges } from '../sessions/pod-changes.ts';
import { SESSION_TICK_MILLIS } from '../sessions/session-control.ts';
import { type SessionNotice, WorkerSessions } from '../sessions/worker-sessions.ts';
import { ListenSocket } from '../sockets/listen-socket.ts';
import type { LogLevel, PrimaryMessage, WorkerMessage, WorkerSettings } from './messages.ts';
import { WorkerSockets } from './worker-sockets.ts';

export interface WorkerOptions {
  /** The worker's place among the workers, from 0. */
  readonly slot: number;
  readonly settings: WorkerSettings;
  /** Tells the primary; does nothing when there is none any more. */
  readonly send: (message: WorkerMessage) => void;
}

type ListenerChange = Extract<PrimaryMessage, { kind: 'apply' | 'socket' | 'dropSocket' }>;

/** A gateway in a process of its own that does what the primary says. */
export class Worker {
  readonly #send: (message: WorkerMessage) => void;
  readonly #accessLog: AccessLog;
  readonly #gateway: Gateway;
  readonly #sockets = new WorkerSockets();
  readonly #sessions: WorkerSessions;
  readonly #pods = new PodChanges();
  readonly #sessionTicker: NodeJS.Timeout;
  /** What is said of sessions on hosts that come with the next snapshot, in the order it came. */
  readonly #notices: SessionNotice[] = [];
  #hasHosts = false;
  #drainList = 0;
  readonly #metrics: MetricSamples = createMetricSamples();
  /** What changes listeners is done in the order it came. */
  #lastChange: Promise<void> = Promise.resolve();

  constructor(options: WorkerOptions) {
    const { slot, settings, send } = options;
    this.#send = send;
    this.#accessLog = createAccessLog(settings.accessLog);
    this.#sessions = new WorkerSessions({
      hosts: () => this.#gateway.hosts,
      capacity: sessionCapacity(settings.limits),
      report: (report, drainList) => send({ kind: 'sessions', report, drainList }),
      nowSeconds: () => performance.now() / 1000,
      wallMillis: () => Date.now(),
    });
    this.#gateway = new Gateway({
      accessLog: this.#accessLog,
      log: createLogTo(send),
      bindingOf: (address, port) => resolveBinding(settings.bindings, address, port),
      limits: settings.limits,
      sockets: this.#sockets,
      healthSharing: createSharingBy(send),
      sessionLedger: this.#sessions,
      onCompiled: (runtime) => this.#onCompiled(runtime),
    });
    this.#sessionTicker = setInterval(() => this.#sessions.tick(), SESSION_TICK_MILLIS);
    registerGatewayMetrics(this.#metrics, this.#gateway);
    registerProcessMetrics(this.#metrics, String(slot));
  }

  /** Does what a message says; resolves when it is done. */
  async receive(message: Exclude<PrimaryMessage, { kind: 'settings' | 'drain' }>, handle?: SendHandle): Promise<void> {
    switch (message.kind) {
      case 'ping':
        this.#send({ kind: 'pong' });
        break;
      case 'report':
        this.#send({ kind: 'report', families: this.#metrics.read() });
        break;
      case 'keyRings':
        this.#gateway.useKeyRings(message.rings);
        break;
      case 'health':
        this.#gateway.health.follow(message.health);
        break;
      case 'readmit':
        this.#gateway.health.readmit(message.cluster, message.address);
        break;
      case 'drains':
        this.#useDrains(message.drains);
        this.#sessions.followDrains(message.drains.number);
        break;
      case 'sessions':
        if (this.#hasHosts && this.#notices.length === 0) this.#sessions.receive(message.notice);
        else this.#notices.push(message.notice);
        break;
      case 'reopenLog':
        this.#accessLog.reopen();
        break;
      case 'apply':
        if (message.sessions !== null) this.#notices.push(message.sessions);
        await this.#inTurn(message, handle);
        break;
      case 'socket':
      case 'dropSocket':
        await this.#inTurn(message, handle);
    }
  }

  /** Stops accepting, finishes what runs within `graceMillis`, and writes the rest of the log. */
  async drain(graceMillis: number): Promise<void> {
    await this.#gateway.drain(graceMillis);
    clearInterval(this.#sessionTicker);
    await this.#accessLog.close();
  }

  #inTurn(message: ListenerChange, handle: SendHandle): Promise<void> {
    this.#lastChange = this.#lastChange.then(() => this.#change(message, handle));
    return this.#lastChange;
  }

  async #change(message: ListenerChange, handle: SendHandle): Promise<void> {
    if (message.kind === 'apply') {
      this.#gateway.health.replaceVerdicts(message.health);
      this.#useDrains(message.drains);
      const failures = await this.#gateway.apply(message.snapshot);
      this.#sessions.followDrains(message.drains.number);
      this.#send({ kind: 'applied', revision: message.snapshot.revision, failures });
      return;
    }
    const { kind, key, index } = message;
    if (kind === 'socket') this.#sockets.add(key, index, ListenSocket.receive(handle));
    else this.#sockets.drop(key, index);
    await this.#gateway.listenOn(key, this.#sockets.of(key));
  }

  /** A snapshot that waits for its turn brings a list that may be older than the one in use. */
  #useDrains({ number, hosts }: DrainList): void {
    if (number < this.#drainList) return;
    this.#drainList = number;
    this.#gateway.useDrains(hosts);
  }

  #onCompiled(runtime: Runtime): void {
    const gone = this.#pods.follow(runtime);
    if (gone !== null) this.#sessions.forget((host) => gone.has(host));
    this.#hasHosts = true;
    for (const notice of this.#notices.splice(0)) this.#sessions.receive(notice);
  }
}

/** The primary writes the log of all. */
function createLogTo(send: (message: WorkerMessage) => void): Log {
  const write =
    (level: LogLevel): Log['info'] =>
    (fields, message) =>
      send({ kind: 'log', level, fields, message });
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** The primary runs the active checks, once for all. */
function createSharingBy(send: (message: WorkerMessage) => void): HealthSharing {
  return {
    runsChecks: false,
    onEjection: (cluster, address, ejected) => send({ kind: 'ejection', cluster, address, ejected }),
    onChecked() {},
    onCheckPassed() {},
  };
}

function registerProcessMetrics(metrics: MetricSamples, worker: string): void {
  metrics.gauge('limpet_worker_resident_memory_bytes', 'Resident memory of a worker', ['worker'], (emit) =>
    emit(process.memoryUsage.rss(), worker),
  );
  metrics.counter('limpet_worker_cpu_seconds_total', 'CPU time that workers have taken', ['worker'], (emit) => {
    const { user, system } = process.cpuUsage();
    emit((user + system) / 1e6, worker);
  });
}
