import type { Snapshot } from '../model/model.ts';
import { type AccessLogTarget, createAccessLog } from '../telemetry/access-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type BindingOptions, resolveBinding } from './bindings.ts';
import { type BindFailure, Gateway } from './gateway.ts';
import { registerGatewayMetrics } from './gateway-metrics.ts';
import type { GatewayLimits } from './limits.ts';
import type { SocketSupply } from './sockets/socket-store.ts';

export interface DataPlaneOptions {
  readonly bindings: BindingOptions;
  readonly accessLog: AccessLogTarget;
  readonly limits: Partial<GatewayLimits>;
  readonly sockets: SocketSupply | null;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What serves the traffic: one gateway in this process, or one in each worker. */
export interface DataPlane {
  /** Serves, or knows of load and health what those that serve know: for `explain` and views. */
  readonly gateway: Gateway;
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
  const gateway = new Gateway({ accessLog, log, bindingOf, limits, ...(sockets === null ? {} : { sockets }) });
  registerGatewayMetrics(options.metrics, gateway);
  return {
    gateway,
    apply: (snapshot) => gateway.apply(snapshot),
    refresh: async () => {},
    reopenLog: () => accessLog.reopen(),
    drain: async (graceMillis) => {
      await gateway.drain(graceMillis);
      await accessLog.close();
    },
  };
}
