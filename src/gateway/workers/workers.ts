import { createAccessLog } from '../../telemetry/access-log.ts';
import { LineFile } from '../../telemetry/line-file.ts';
import { LineRelay } from '../../telemetry/line-relay.ts';
import { resolveBinding } from '../bindings.ts';
import { type DataPlane, type DataPlaneOptions, sessionCapacity } from '../data-plane.ts';
import { Gateway } from '../gateway.ts';
import { SESSION_TICK_MILLIS, SessionControl } from '../sessions/session-control.ts';
import { registerSessionMetrics } from '../sessions/session-metrics.ts';
import type { SocketStore, SocketSupply } from '../sockets/socket-store.ts';
import { HeapTrimmer } from './heap-trimmer.ts';
import { createMirrorSharing, WorkerHealth } from './worker-health.ts';
import { WorkerMetrics } from './worker-metrics.ts';
import { WorkerPool, type WorkerView } from './worker-pool.ts';

/** What a worker said last stands for what it did when it is killed, so it is asked this often at least. */
const REPORT_INTERVAL_MILLIS = 5_000;

export interface WorkersOptions extends DataPlaneOptions {
  readonly sockets: SocketStore;
  readonly workers: number;
  /** How often each worker is asked whether it is there. */
  readonly pingMillis?: number;
}

export interface Workers extends DataPlane {
  readonly workers: readonly WorkerView[];
}

/**
 * A gateway in each of several worker processes, and in this one, the primary, a mirror of them: a gateway with the same
 * snapshot that listens on no socket. It runs the active checks, and knows what views and `explain` ask for.
 */
export function createWorkers(options: WorkersOptions): Workers {
  const { bindings, limits, sockets, log } = options;
  // Fails here, with a message, if it would fail in the workers.
  const isStdout = options.accessLog.kind === 'stdout';
  if (!isStdout) void createAccessLog(options.accessLog).close();
  const output = isStdout ? new LineFile(null) : null;
  let hasReleased = false;
  const supply: SocketSupply = {
    take: (key, host, port) => ({ port: sockets.take(key, host, port).port, sockets: [] }),
    release: (key) => {
      hasReleased = true;
      sockets.release(key);
      pool.forgetSockets(key);
    },
  };
  const sessions = new SessionControl({
    gateway: () => mirror,
    capacity: sessionCapacity(limits),
    store: options.drainStore,
    log,
    workers: {
      drain: (drains) => {
        shareSessions();
        pool.sendAll({ kind: 'drains', drains });
      },
      serving: () => pool.workers.filter(({ isServing }) => isServing).map(({ worker }) => worker),
    },
  });
  const mirror: Gateway = new Gateway({
    accessLog: createAccessLog({ kind: 'off' }),
    log,
    bindingOf: (address, port) => resolveBinding(bindings, address, port),
    limits,
    sockets: supply,
    healthSharing: createMirrorSharing(() => health),
    sessionLedger: sessions.center,
    onCompiled: (runtime) => sessions.follow(runtime),
  });
  const pool: WorkerPool = new WorkerPool({
    workers: options.workers,
    settings: { bindings, accessLog: options.accessLog, limits },
    sockets,
    log,
    relay: output === null ? null : new LineRelay(output),
    ...(options.pingMillis === undefined ? {} : { pingMillis: options.pingMillis }),
    events: {
      knowledgeFor: (worker, isNew) => ({
        health: health.verdictsFor(worker),
        drains: sessions.drains,
        sessions: isNew ? sessions.center.notice() : null,
      }),
      onSessions: (worker, report, drainList) => sessions.report(worker, report, drainList),
      onEjection: (worker, cluster, address, ejected) => health.onEjection(worker, { cluster, address }, ejected),
      onExit: (worker, pid) => {
        health.onExit(worker);
        sessions.onExit(worker);
        metrics.onExit(pid);
      },
    },
  });
  const health = new WorkerHealth(pool, mirror);
  const metrics = new WorkerMetrics(options.metrics, mirror, () => pool.workers);
  const refresh = async (): Promise<void> => metrics.update(await pool.report());
  const reporter = setInterval(() => void refresh(), REPORT_INTERVAL_MILLIS);
  reporter.unref();
  registerSessionMetrics(options.metrics, mirror, sessions);
  // Before any change of who serves, so that every worker knows which keys are in use, and where.
  const shareSessions = (): void => {
    for (const [worker, notice] of sessions.center.notices(pool.workerCount)) {
      pool.send(worker, { kind: 'sessions', notice });
    }
  };
  const ticker = setInterval(() => {
    sessions.tick();
    sessions.center.planMoves();
    shareSessions();
  }, SESSION_TICK_MILLIS);
  ticker.unref();
  const trimmer = new HeapTrimmer();

  return {
    gateway: mirror,
    sessions,
    get workers() {
      return pool.workers;
    },
    useKeyRings(rings) {
      mirror.useKeyRings(rings);
      pool.useKeyRings(rings);
    },
    async apply(snapshot) {
      hasReleased = false;
      shareSessions();
      let failures = await mirror.apply(snapshot);
      health.prune();
      metrics.prune();
      const inWorkers = await pool.apply(snapshot);
      if (failures.length > 0 && hasReleased) {
        // A port that a listener held which is gone now: it is free only since the workers have let go of it.
        failures = await mirror.apply(snapshot);
        await pool.apply(snapshot);
      }
      if (mirror.runtime !== null) sessions.followMoves(mirror.runtime);
      trimmer.request();
      const own = new Set(failures.map((failure) => failure.listener));
      return [...failures, ...inWorkers.filter(({ listener }) => !own.has(listener))];
    },
    refresh,
    reopenLog: () => pool.sendAll({ kind: 'reopenLog' }),
    async drain(graceMillis) {
      clearInterval(reporter);
      clearInterval(ticker);
      trimmer[Symbol.dispose]();
      // Whoever ends this process at once, by a second signal, does not want to wait for workers either.
      const kill = (): void => pool.kill();
      process.once('exit', kill);
      // While this process has the sockets, connections would go on queueing that nobody accepts.
      sockets.close();
      await Promise.all([pool.drain(graceMillis), mirror.drain(0)]);
      process.removeListener('exit', kill);
      await output?.close();
    },
  };
}
