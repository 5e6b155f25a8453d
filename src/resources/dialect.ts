import type { Cluster } from '../model/cluster.ts';
import type { Listener } from '../model/listener.ts';

/** What a dialect makes of the resources; diagnostics go to the sink it was given. */
export interface DialectModel {
  readonly listeners: readonly Listener[];
  readonly clusters: readonly Cluster[];
}
