import type { Pod } from './pod-fleet.ts';

/** The gateways of one system, all with the same configuration. */
export interface Gateways extends AsyncDisposable {
  /** Where each of them listens on 127.0.0.1 now. */
  readonly ports: readonly number[];
  /** Rewrites the configuration's files; resolves when every gateway serves these pods. */
  serve(pods: Iterable<Pod>): Promise<void>;
  /**
   * Stops one gateway and starts it again, on another port. `leave` takes it out of the balancer in front first, for
   * those that end with requests running.
   */
  restart(gateway: number, leave: () => Promise<void>): Promise<void>;
  /** null: the system has no keys. */
  readonly keys: SharedKeys | null;
}

/** The keys of all gateways, in a file that they watch. */
export interface SharedKeys {
  /** Resolves when a new key seals in every gateway. */
  add(): Promise<void>;
  /** Takes all others away; resolves when no gateway opens tokens of them. */
  retire(): Promise<void>;
}

/** One way to keep sessions. */
export interface System {
  readonly name: string;
  /** What the table is about, for those who read it. */
  readonly description: string;
  readonly carriers: { readonly cookie: string; readonly header: string | null };
  /** Moves sessions that were idle for so long, to spread them; null: it never does. */
  readonly idleForMillis: number | null;
  /** How long a draining pod is left to its sessions. */
  readonly drainDeadlineMillis: number;
  /** A token that would name a pod if it could be forged; null: tokens name no pod. */
  readonly forge: ((pod: Pod) => string) | null;
  start(pods: Iterable<Pod>): Promise<Gateways>;
}

/** Gateways, of which one has two workers. */
export const GATEWAYS = 3;
