import type { ClusterBalancer } from '../../affinity/cluster-balancer.ts';
import type { Log } from '../../telemetry/log.ts';
import type { UpstreamHost } from '../upstream-host.ts';
import { type CheckCounts, ClusterChecks } from './cluster-checks.ts';
import { type HealthSharing, type HostVerdict, toHostKey } from './health-sharing.ts';
import type { CheckEnvironment } from './host-check.ts';
import { OutlierDetector } from './outlier-detector.ts';
import type { OutlierReason } from './outlier-monitor.ts';
import type { ProbeResult } from './probe.ts';
import { TableRefresher } from './table-refresher.ts';

export interface HealthEnvironment extends CheckEnvironment {
  readonly log: Log;
  readonly sharing: HealthSharing;
  /** What other processes have found out, by toHostKey; hosts that are not here are as configured to them. */
  readonly verdicts: ReadonlyMap<string, HostVerdict>;
}

/** The live health of one cluster: who is ejected, who fails its checks, and tables that follow. It outlives snapshots. */
export class ClusterHealth {
  readonly #environment: HealthEnvironment;
  readonly #refresher: TableRefresher;
  #balancer: ClusterBalancer<UpstreamHost>;
  #detector: OutlierDetector<UpstreamHost> | null = null;
  #checks: ClusterChecks<UpstreamHost> | null = null;

  constructor(balancer: ClusterBalancer<UpstreamHost>, environment: HealthEnvironment) {
    this.#balancer = balancer;
    this.#environment = environment;
    this.#refresher = new TableRefresher(environment.clock, { refresh: () => this.#refresh() });
  }

  get detector(): OutlierDetector<UpstreamHost> | null {
    return this.#detector;
  }

  /** null: the cluster has no active checks. */
  get checkCounts(): CheckCounts | null {
    return this.#checks?.counts ?? null;
  }

  /** Takes the cluster as a new snapshot has it; its tables are right when this returns. */
  update(balancer: ClusterBalancer<UpstreamHost>): void {
    this.#balancer = balancer;
    const { outlierDetection, healthChecks } = balancer.cluster;
    const hosts = new Set(balancer.hosts.map((host) => host.state));
    if (outlierDetection === null) this.#endDetection();
    else {
      this.#detector ??= new OutlierDetector(outlierDetection, {
        clock: this.#environment.clock,
        random: this.#environment.random,
        events: {
          onEjected: (host, reason, durationMillis) => this.#onEjected(host, reason, durationMillis),
          onReturned: (host) => this.#onReturned(host),
        },
      });
      this.#detector.update(outlierDetection, hosts);
    }
    const runsChecks = healthChecks.length > 0 && this.#environment.sharing.runsChecks;
    const isChecked = this.#updateChecks(hosts, runsChecks);
    const hasFollowed = [...hosts].filter((host) => this.#followHost(host)).length > 0;
    if (isChecked || hasFollowed) this.#refresh();
  }

  /** Another process has found out something about these hosts. */
  follow(addresses: ReadonlySet<string>): void {
    const hosts = new Set(this.#balancer.hosts.map((host) => host.state));
    for (const host of hosts) if (addresses.has(host.address) && this.#followHost(host)) this.#refresher.changed();
  }

  /** A host passed an active check that runs in another process. */
  readmit(address: string): void {
    const host = this.#balancer.hostByAddress(address);
    if (host !== undefined) this.#detector?.readmit(host.state);
  }

  /** The cluster is gone, or has neither detection nor checks any more: all its hosts are as configured. */
  close(): void {
    this.#endDetection();
    if (this.#checks?.close() === true) this.#refresh();
    this.#checks = null;
    this.#refresher.close();
  }

  #endDetection(): void {
    if (this.#detector === null) return;
    const wasEjecting = this.#detector.ejected > 0;
    this.#detector.close();
    this.#detector = null;
    if (wasEjecting) this.#refresh();
  }

  #updateChecks(hosts: ReadonlySet<UpstreamHost>, isChecked: boolean): boolean {
    const { cluster } = this.#balancer;
    if (isChecked) {
      this.#checks ??= new ClusterChecks<UpstreamHost>(cluster.name, this.#environment, {
        onChange: (host, result) => this.#onChecked(host, result),
        onPass: (host) => this.#onPassed(host),
      });
      return this.#checks.update(cluster.healthChecks, hosts);
    }
    const isChanged = this.#checks?.close() === true;
    this.#checks = null;
    return isChanged;
  }

  /** True if the host's state changed. */
  #followHost(host: UpstreamHost): boolean {
    const { clock, sharing, verdicts } = this.#environment;
    const verdict = verdicts.get(toHostKey(this.#balancer.cluster.name, host.address));
    const isEjected = this.#detector?.follow(host, verdict?.ejected === true) === true;
    if (sharing.runsChecks) return isEjected;
    const { failedActiveCheck = false, degradedActiveCheck = false } = verdict ?? {};
    const isSame = failedActiveCheck === host.failedActiveCheck && degradedActiveCheck === host.degradedActiveCheck;
    if (host.failedActiveCheck && !failedActiveCheck) host.healthySinceMillis = clock.now();
    host.failedActiveCheck = failedActiveCheck;
    host.degradedActiveCheck = degradedActiveCheck;
    return isEjected || !isSame;
  }

  #refresh(): void {
    this.#balancer.healthChanged();
    this.#balancer.warm();
  }

  #onEjected(host: UpstreamHost, reason: OutlierReason, durationMillis: number): void {
    const fields = { cluster: this.#balancer.cluster.name, endpoint: host.address, reason, durationMillis };
    this.#environment.log.info(fields, 'endpoint ejected');
    this.#environment.sharing.onEjection(fields.cluster, host.address, true);
    this.#refresher.changed();
  }

  #onReturned(host: UpstreamHost): void {
    const fields = { cluster: this.#balancer.cluster.name, endpoint: host.address };
    this.#environment.log.info(fields, 'endpoint let back after its ejection');
    this.#environment.sharing.onEjection(fields.cluster, host.address, false);
    this.#refresher.changed();
  }

  #onChecked(host: UpstreamHost, result: ProbeResult): void {
    const state = host.failedActiveCheck ? 'unhealthy' : host.degradedActiveCheck ? 'degraded' : 'healthy';
    const fields = { cluster: this.#balancer.cluster.name, endpoint: host.address, state, probe: result };
    this.#environment.log.info(fields, 'health check changed the state of an endpoint');
    this.#environment.sharing.onChecked(fields.cluster, host.address, host);
    this.#refresher.changed();
  }

  #onPassed(host: UpstreamHost): void {
    this.#detector?.readmit(host);
    this.#environment.sharing.onCheckPassed(this.#balancer.cluster.name, host.address);
  }
}
