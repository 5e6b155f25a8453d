import type { HealthCheck } from '../../model/cluster.ts';
import { toCanonicalJson } from '../../model/digest.ts';
import { type CheckEnvironment, HostCheck } from './host-check.ts';
import type { ProbeResult } from './probe.ts';

/** What checks see and change of a host. */
export interface CheckedHost {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  failedActiveCheck: boolean;
  degradedActiveCheck: boolean;
  healthySinceMillis: number;
}

export interface CheckEvents<H extends CheckedHost> {
  /** The host's state changed; `result` is what did it. */
  onChange(host: H, result: ProbeResult): void;
  /** The host passed a check and counts as healthy. */
  onPass(host: H): void;
}

export interface CheckCounts {
  passed: number;
  refused: number;
  unreachable: number;
}

/**
 * The active health checks of one cluster. Lives as long as the cluster has checks, over any number of snapshots: while
 * the checks stay the same a reload leaves those of the hosts that stay alone. A host is healthy if all its checks say so.
 */
export class ClusterChecks<H extends CheckedHost> {
  readonly counts: CheckCounts = { passed: 0, refused: 0, unreachable: 0 };
  readonly #authority: string;
  readonly #environment: CheckEnvironment;
  readonly #events: CheckEvents<H>;
  readonly #running = new Map<H, readonly HostCheck[]>();
  #key = '';

  /** `authority` is the Host header of probes that name none: the cluster's name. */
  constructor(authority: string, environment: CheckEnvironment, events: CheckEvents<H>) {
    this.#authority = authority;
    this.#environment = environment;
    this.#events = events;
  }

  /**
   * Takes the checks and hosts of a new snapshot. True if a host's state changed by that.
   *
   * A host that joins others which are checked already takes no work until its first check. Where none has been checked
   * the hosts count as healthy until then: else a new cluster would be unavailable although its hosts are not.
   */
  update(checks: readonly HealthCheck[], hosts: ReadonlySet<H>): boolean {
    const key = toCanonicalJson(checks);
    const isNew = this.#key === '';
    const isSame = key === this.#key;
    this.#key = key;
    let isChanged = false;
    for (const [host, running] of this.#running) {
      if (isSame && hosts.has(host)) continue;
      for (const check of running) check.close();
      if (!hosts.has(host)) this.#running.delete(host);
    }
    for (const host of hosts) {
      const isKnown = this.#running.has(host);
      if (isSame && isKnown) continue;
      if (!isKnown && !isNew) {
        host.failedActiveCheck = true;
        isChanged = true;
      }
      this.#running.set(host, this.#start(checks, host));
    }
    return isChanged;
  }

  /** Ends all checks; hosts count as healthy again. True if a host's state changed by that. */
  close(): boolean {
    let isChanged = false;
    for (const [host, running] of this.#running) {
      for (const check of running) check.close();
      isChanged ||= host.failedActiveCheck || host.degradedActiveCheck;
      host.failedActiveCheck = false;
      host.degradedActiveCheck = false;
    }
    this.#running.clear();
    this.#key = '';
    return isChanged;
  }

  #start(checks: readonly HealthCheck[], host: H): readonly HostCheck[] {
    const target = { host: host.host, port: host.port, authority: this.#authority };
    const started: HostCheck[] = checks.map(
      (check) =>
        new HostCheck(check, target, !host.failedActiveCheck, this.#environment, (result) => {
          this.#onResult(host, started, result);
        }),
    );
    return started;
  }

  #onResult(host: H, checks: readonly HostCheck[], result: ProbeResult): void {
    this.counts[result.kind]++;
    const failed = checks.some((check) => !check.isHealthy);
    const degraded = checks.some((check) => check.isDegraded);
    const isChanged = failed !== host.failedActiveCheck || degraded !== host.degradedActiveCheck;
    if (host.failedActiveCheck && !failed) host.healthySinceMillis = this.#environment.clock.now();
    host.failedActiveCheck = failed;
    host.degradedActiveCheck = degraded;
    if (isChanged) this.#events.onChange(host, result);
    if (result.kind === 'passed' && !failed) this.#events.onPass(host);
  }
}
