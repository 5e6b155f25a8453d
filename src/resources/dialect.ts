import type { Cluster } from '../model/cluster.ts';
import type { Listener } from '../model/listener.ts';
import type { ServicePortRef } from './session-targets.ts';

/** What a dialect makes of the resources; diagnostics go to the sink it was given. */
export interface DialectModel {
  readonly listeners: readonly Listener[];
  readonly clusters: readonly Cluster[];
  /** By the name of the cluster that stands for it; one that stands for none is not here. */
  readonly services: ReadonlyMap<string, ServicePortRef>;
}
