import type { Gateway } from '../gateway.ts';
import type { HealthSharing, HostVerdict } from '../health/health-sharing.ts';
import type { HostName } from '../upstream-host.ts';
import { EjectionBoard } from './ejection-board.ts';
import type { PrimaryMessage } from './messages.ts';

/** Where messages to workers go. */
export interface WorkerMailbox {
  readonly workerCount: number;
  send(worker: number, message: PrimaryMessage): void;
}

/**
 * One opinion of the hosts' health in all workers: the primary runs the active checks against its mirror of what the
 * workers serve, and passes on what each worker's outlier detection finds.
 */
export class WorkerHealth {
  readonly #mailbox: WorkerMailbox;
  readonly #mirror: Gateway;
  readonly #ejections = new EjectionBoard();

  constructor(mailbox: WorkerMailbox, mirror: Gateway) {
    this.#mailbox = mailbox;
    this.#mirror = mirror;
  }

  /** What a worker has to know when it starts to serve a snapshot; all other hosts are as configured. */
  verdictsFor(worker: number): readonly HostVerdict[] {
    const verdicts: HostVerdict[] = [];
    for (const [cluster, { address }] of this.#mirror.hosts) {
      const verdict = this.#verdictFor(worker, { cluster, address });
      if (verdict.ejected || verdict.failedActiveCheck || verdict.degradedActiveCheck) verdicts.push(verdict);
    }
    return verdicts;
  }

  /** A worker's outlier detection has ejected the host or let it back. */
  onEjection(worker: number, host: HostName, ejected: boolean): void {
    this.#ejections.set(worker, host, ejected);
    this.tell(host);
    const { cluster, address } = host;
    const isOut = this.#ejections.isEjectedElsewhere(null, host);
    this.#mirror.health.follow([
      { cluster, address, ejected: isOut, failedActiveCheck: false, degradedActiveCheck: false },
    ]);
  }

  /** A worker has ended; what it found out ends with it. */
  onExit(worker: number): void {
    for (const host of this.#ejections.hosts(worker)) this.onEjection(worker, host, false);
  }

  /** The host passed an active check, which ends its ejections. */
  onCheckPassed(host: HostName): void {
    for (const worker of this.#ejections.ejectorsOf(host)) this.#mailbox.send(worker, { kind: 'readmit', ...host });
  }

  /** Tells all workers what is known of the host. */
  tell(host: HostName): void {
    for (let worker = 0; worker < this.#mailbox.workerCount; worker++) {
      this.#mailbox.send(worker, { kind: 'health', health: [this.#verdictFor(worker, host)] });
    }
  }

  /** Forgets hosts that the mirror does not have any more. */
  prune(): void {
    this.#ejections.retain(({ cluster, address }) => this.#mirror.hosts.find(cluster, address) !== undefined);
  }

  #verdictFor(worker: number, host: HostName): HostVerdict {
    const state = this.#mirror.hosts.find(host.cluster, host.address);
    return {
      cluster: host.cluster,
      address: host.address,
      ejected: this.#ejections.isEjectedElsewhere(worker, host),
      failedActiveCheck: state?.failedActiveCheck === true,
      degradedActiveCheck: state?.degradedActiveCheck === true,
    };
  }
}

/** How the mirror takes part. Events come once the mirror exists, which needs this first. */
export function createMirrorSharing(health: () => WorkerHealth): HealthSharing {
  return {
    runsChecks: true,
    onEjection() {},
    onChecked: (cluster, address) => health().tell({ cluster, address }),
    onCheckPassed: (cluster, address) => health().onCheckPassed({ cluster, address }),
  };
}
