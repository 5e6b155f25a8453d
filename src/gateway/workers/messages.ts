import type { Snapshot } from '../../model/model.ts';
import type { AccessLogTarget } from '../../telemetry/access-log.ts';
import type { MetricFamily } from '../../telemetry/metric-samples.ts';
import type { BindingOptions } from '../bindings.ts';
import type { BindFailure, KeyRingTexts } from '../gateway.ts';
import type { HostVerdict } from '../health/health-sharing.ts';
import type { GatewayLimits } from '../limits.ts';
import type { DrainList } from '../sessions/host-drains.ts';
import type { SessionReport } from '../sessions/session-report.ts';
import type { SessionNotice } from '../sessions/worker-sessions.ts';

/** What a worker has to know before its first snapshot. */
export interface WorkerSettings {
  readonly bindings: BindingOptions;
  readonly accessLog: AccessLogTarget;
  readonly limits: Partial<GatewayLimits>;
}

/** What a worker has to know before it serves a snapshot, beside the snapshot. */
export interface WorkerKnowledge {
  readonly health: readonly HostVerdict[];
  readonly drains: DrainList;
  /** null: it knows already, unless it is new. */
  readonly sessions: SessionNotice | null;
}

/**
 * What the primary tells a worker; the channel keeps the order. Everything here is data that the structured clone
 * algorithm can copy. A `socket` message brings the socket along.
 */
export type PrimaryMessage =
  | { readonly kind: 'settings'; readonly slot: number; readonly settings: WorkerSettings }
  /** From now on the worker accepts from this socket too; `index` tells sockets of one key apart. */
  | { readonly kind: 'socket'; readonly key: string; readonly index: number }
  /** The worker stops accepting from the socket. */
  | { readonly kind: 'dropSocket'; readonly key: string; readonly index: number }
  /** Diagnostics are left out. Answered by `applied`. */
  | ({ readonly kind: 'apply'; readonly snapshot: Snapshot } & WorkerKnowledge)
  /** These hosts drain, and no others. Answered by `sessions`. */
  | { readonly kind: 'drains'; readonly drains: DrainList }
  | { readonly kind: 'sessions'; readonly notice: SessionNotice }
  /** Keys of session tokens; they are said to nobody else. */
  | { readonly kind: 'keyRings'; readonly rings: KeyRingTexts }
  | { readonly kind: 'health'; readonly health: readonly HostVerdict[] }
  /** The host passed an active check: its ejection by this worker is over. */
  | { readonly kind: 'readmit'; readonly cluster: string; readonly address: string }
  /** Answered by `report`. */
  | { readonly kind: 'report' }
  /** Answered by `pong`. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'reopenLog' }
  /** The worker finishes what runs and exits. */
  | { readonly kind: 'drain'; readonly graceMillis: number };

export type LogLevel = 'info' | 'warn' | 'error';

/** What a worker tells the primary. */
export type WorkerMessage =
  | { readonly kind: 'applied'; readonly revision: number; readonly failures: readonly BindFailure[] }
  | { readonly kind: 'pong' }
  /** The worker's own outlier detection has ejected the host or let it back. */
  | { readonly kind: 'ejection'; readonly cluster: string; readonly address: string; readonly ejected: boolean }
  /** Answered by a notice. `drainList` is the last list of drains that the worker has followed. */
  | { readonly kind: 'sessions'; readonly report: SessionReport; readonly drainList: number }
  | { readonly kind: 'report'; readonly families: readonly MetricFamily[] }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    };
