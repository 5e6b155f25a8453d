import { toHostKey } from '../health/health-sharing.ts';
import type { HostName } from '../upstream-host.ts';

interface Ejection extends HostName {
  readonly workers: Set<number>;
}

/** Which workers have ejected which hosts: a host is out everywhere while any worker's outlier detection has it out. */
export class EjectionBoard {
  readonly #ejections = new Map<string, Ejection>();

  set(worker: number, { cluster, address }: HostName, ejected: boolean): void {
    const key = toHostKey(cluster, address);
    const ejection = this.#ejections.get(key) ?? { cluster, address, workers: new Set<number>() };
    if (ejected) ejection.workers.add(worker);
    else ejection.workers.delete(worker);
    if (ejection.workers.size > 0) this.#ejections.set(key, ejection);
    else this.#ejections.delete(key);
  }

  /** Hosts that are out, or that this one worker has ejected. */
  hosts(worker?: number): readonly HostName[] {
    return [...this.#ejections.values()].filter(({ workers }) => worker === undefined || workers.has(worker));
  }

  /** Workers that have the host out. */
  ejectorsOf({ cluster, address }: HostName): ReadonlySet<number> {
    return this.#ejections.get(toHostKey(cluster, address))?.workers ?? new Set();
  }

  /** Whether a worker other than this one has the host out; null is no worker. */
  isEjectedElsewhere(worker: number | null, host: HostName): boolean {
    const ejectors = this.ejectorsOf(host);
    return ejectors.size > (worker !== null && ejectors.has(worker) ? 1 : 0);
  }

  /** Forgets hosts that are gone. */
  retain(exists: (host: HostName) => boolean): void {
    for (const [key, ejection] of this.#ejections) if (!exists(ejection)) this.#ejections.delete(key);
  }
}
