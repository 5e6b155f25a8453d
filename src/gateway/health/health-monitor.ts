import type { Log } from '../../telemetry/log.ts';
import type { RuntimeCluster } from '../compiled-route.ts';
import { ClusterHealth, type HealthEnvironment } from './cluster-health.ts';
import { type HealthClock, SYSTEM_CLOCK } from './health-clock.ts';
import { type HealthSharing, type HostVerdict, NOT_SHARED, toHostKey } from './health-sharing.ts';
import { type ProbeRunner, runProbe } from './probe.ts';
import { ProbeSlots } from './probe-slots.ts';

/** Probes under way at once in a process; more wait their turn. */
const MAX_PROBES = 256;

export interface HealthMonitorOptions {
  readonly log: Log;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly clock?: HealthClock;
  readonly runProbe?: ProbeRunner;
  /** Absent: this process is alone. */
  readonly sharing?: HealthSharing;
}

/** Outlier detection and active checks of all clusters that have them; for the others nothing is kept and nothing runs. */
export class HealthMonitor {
  readonly #environment: HealthEnvironment;
  readonly #clusters = new Map<string, ClusterHealth>();
  readonly #verdicts = new Map<string, HostVerdict>();

  constructor(options: HealthMonitorOptions) {
    this.#environment = {
      log: options.log,
      random: options.random,
      clock: options.clock ?? SYSTEM_CLOCK,
      runProbe: options.runProbe ?? runProbe,
      slots: new ProbeSlots(MAX_PROBES),
      sharing: options.sharing ?? NOT_SHARED,
      verdicts: this.#verdicts,
    };
  }

  /** Follows the clusters of the runtime that serves from now on. */
  apply(clusters: ReadonlyMap<string, RuntimeCluster>): void {
    for (const [name, health] of this.#clusters) {
      const runtime = clusters.get(name);
      if (isWatched(runtime)) continue;
      // A cluster that goes on without checks and detection must not be left with what they found.
      if (runtime !== undefined) health.update(runtime.balancer);
      health.close();
      this.#clusters.delete(name);
    }
    for (const [name, runtime] of clusters) {
      if (!isWatched(runtime)) continue;
      let health = this.#clusters.get(name);
      if (health === undefined) {
        health = new ClusterHealth(runtime.balancer, this.#environment);
        this.#clusters.set(name, health);
      }
      health.update(runtime.balancer);
    }
  }

  /** Replaces all that other processes have found out; counts from the next `apply` on. */
  replaceVerdicts(verdicts: readonly HostVerdict[]): void {
    this.#verdicts.clear();
    for (const verdict of verdicts) this.#verdicts.set(toHostKey(verdict.cluster, verdict.address), verdict);
  }

  /** Takes over what other processes have just found out. */
  follow(verdicts: readonly HostVerdict[]): void {
    for (const verdict of verdicts) this.#verdicts.set(toHostKey(verdict.cluster, verdict.address), verdict);
    for (const [cluster, group] of Map.groupBy(verdicts, (verdict) => verdict.cluster)) {
      this.#clusters.get(cluster)?.follow(new Set(group.map((verdict) => verdict.address)));
    }
  }

  /** A host passed an active check that runs in another process: an ejection of it that began here is over. */
  readmit(cluster: string, address: string): void {
    this.#clusters.get(cluster)?.readmit(address);
  }

  close(): void {
    for (const health of this.#clusters.values()) health.close();
    this.#clusters.clear();
  }

  [Symbol.iterator](): IterableIterator<readonly [cluster: string, health: ClusterHealth]> {
    return this.#clusters.entries();
  }
}

function isWatched(cluster: RuntimeCluster | undefined): boolean {
  if (cluster === undefined) return false;
  const { outlierDetection, healthChecks } = cluster.balancer.cluster;
  return outlierDetection !== null || healthChecks.length > 0;
}
