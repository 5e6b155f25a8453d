import type { SessionKeyOptions } from './control/session-keys.ts';
import type { TranslateOptions } from './control/translate.ts';
import type { FrontProxies } from './gateway/front-proxies.ts';
import type { GatewayLimits } from './gateway/limits.ts';
import type { SocketsByKey } from './gateway/sockets/handover.ts';
import type { Snapshot } from './model/model.ts';
import type { AccessLogTarget } from './telemetry/access-log.ts';
import type { Log } from './telemetry/log.ts';

/** What `limpet run` was asked to do, validated. */
export interface AppOptions {
  /** Files and directories. */
  readonly paths: readonly string[];
  /** Directories inside a directory are read too. */
  readonly recursive: boolean;
  /** Absent: the defaults. */
  readonly translation?: TranslateOptions;
  /** Port in the YAML -> port that is bound; 0 binds a free one. Ports that are not here are bound as they are. */
  readonly portMap: ReadonlyMap<number, number>;
  /** Address for every listener; null: the listeners' own. */
  readonly bind: string | null;
  readonly admin: AdminOptions | null;
  readonly accessLog: AccessLogTarget;
  /** Changes of the files are served without being asked to. */
  readonly watch: boolean;
  /** Processes that serve; 1: this one does. */
  readonly workers: number;
  /** Absent: the defaults. */
  readonly limits?: GatewayLimits;
  /** Where the keys of sealed session tokens are; absent: sessions are sealed only with keys from the configuration. */
  readonly sessionKeys?: SessionKeyOptions;
  /** File with the orders to drain, so that they outlive the process; absent: they don't. */
  readonly drainFile?: string;
  /** Absent: the configuration says all. */
  readonly frontProxies?: FrontProxies;
}

export interface AdminOptions {
  readonly host: string;
  /** 0 binds a free one. */
  readonly port: number;
  /** Bearer token that changes of state need off loopback; null: they are refused there. */
  readonly token: string | null;
}

export interface BoundListener {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** A running gateway with its sources and its admin API. */
export interface App extends AsyncDisposable {
  /** Resolves when the first snapshot is served, or could not be: then the diagnostics of `snapshot` say why. */
  readonly ready: Promise<void>;
  /** What is bound now. */
  readonly listeners: readonly BoundListener[];
  /** `host:port`; null: switched off. */
  readonly adminAddress: string | null;
  /** What is served now; null before the first. */
  readonly snapshot: Snapshot | null;
  /** Reads the sources again and opens the access log's file again; resolves when the outcome is served. */
  reload(): Promise<void>;
  /**
   * Starts this program anew with the same arguments and hands the ports over without a refused connection. Resolves
   * with the new process's id when it serves; what is left to do here is `drain`. Rejects with the reason if it does not
   * come to serve: then nothing has changed.
   */
  handOver(): Promise<number>;
  /** Stops accepting, finishes what runs for at most so long, closes everything. */
  drain(graceMillis: number): Promise<void>;
}

/**
 * `createApp` of app.ts. Rejects with a message fit for the user when nothing can be served, such as a port that is taken.
 * `inherited` is what a process that ran before hands over.
 */
export type CreateApp = (options: AppOptions, log: Log, inherited?: SocketsByKey) => Promise<App>;
