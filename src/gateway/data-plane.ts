import type { Snapshot } from '../model/model.ts';
import { type AccessLogTarget, createAccessLog } from '../telemetry/access-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type BindingOptions, resolveBinding } from './bindings.ts';
import { type BindFailure, Gateway, type KeyRingTexts } from './gateway.ts';
import { registerGatewayMetrics } from './gateway-metrics.ts';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';
import type { DrainStore } from './sessions/drain-file.ts';
import { SESSION_TICK_MILLIS, SessionControl } from './sessions/session-control.ts';
import { registerSessionMetrics } from './sessions/session-metrics.ts';
import type { SocketSupply } from './sockets/socket-store.ts';

export interface DataPlaneOptions {
  readonly bindings: BindingOptions;
  readonly accessLog: AccessLogTarget;
  readonly limits: Partial<GatewayLimits>;
  readonly sockets: SocketSupply | null;
  /** Where orders to drain outlive the process. */
  readonly drainStore: DrainStore;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What serves the traffic: one gateway in this process, or one in each worker. */
export interface DataPlane {
  /** Serves, or knows of load and health what those that serve know: for `explain` and views. */
  readonly gateway: Gateway;
  /** Session tokens are sealed and opened with these keys from now on; rings that are not named keep theirs. */
  useKeyRings(rings: KeyRingTexts): void;
  readonly sessions: SessionControl;
  /** Resolves when the snapshot is served everywhere. What can't be bound is returned and everything else serves. */
  apply(snapshot: Snapshot): Promise<readonly BindFailure[]>;
  /** Brings what `gateway` and the metrics say of other processes up to date. */
  refresh(): Promise<void>;
  reopenLog(): void;
  /** Stops accepting and lets what runs finish; cuts what is left after `graceMillis`. */
  drain(graceMillis: number): Promise<void>;
}

/** One gateway in this process. Throws when the access log can't be opened. */
export function createLocalDataPlane(options: DataPlaneOptions): DataPlane {
  const { bindings, limits, sockets, log } = options;
  const accessLog = createAccessLog(options.accessLog);
  const bindingOf = (address: string, port: number): ReturnType<typeof resolveBinding> =>
    resolveBinding(bindings, address, port);
  const sessions = new SessionControl({
    gateway: () => gateway,
    capacity: sessionCapacity(limits),
    store: options.drainStore,
    log,
    workers: null,
  });
  const gateway: Gateway = new Gateway({
    accessLog,
    log,
    bindingOf,
    limits,
    sessionLedger: sessions.center,
    onCompiled: (runtime) => sessions.follow(runtime),
    ...(sockets === null ? {} : { sockets }),
  });
  registerGatewayMetrics(options.metrics, gateway);
  registerSessionMetrics(options.metrics, gateway, sessions);
  const ticker = setInterval(() => sessions.tick(), SESSION_TICK_MILLIS);
  ticker.unref();
  return {
    gateway,
    useKeyRings: (rings) => gateway.useKeyRings(rings),
    sessions,
    apply: (snapshot) => gateway.apply(snapshot),
    refresh: async () => {},
    reopenLog: () => accessLog.reopen(),
    drain: async (graceMillis) => {
      clearInterval(ticker);
      await gateway.drain(graceMillis);
      await accessLog.close();
    },
  };
}

/** Live sessions that a process keeps. */
export function sessionCapacity(limits: Partial<GatewayLimits>): number {
  return limits.maxLiveSessions ?? DEFAULT_GATEWAY_LIMITS.maxLiveSessions;
}
