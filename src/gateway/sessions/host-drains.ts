import type { HostDrain } from '../../affinity/host.ts';
import { toHostKey } from '../health/health-sharing.ts';
import type { Runtime } from '../runtime.ts';
import type { HostName } from '../upstream-host.ts';

/** A host that drains. */
export interface DrainedHost extends HostName {
  readonly drain: HostDrain;
}

/** All hosts that drain; a later list has a higher number. */
export interface DrainList {
  readonly number: number;
  readonly hosts: readonly DrainedHost[];
}

/** Sets what the hosts of a runtime know of their drains, and makes the tables of those clusters anew that changed by it. */
export function applyDrains({ clusters }: Runtime, drained: readonly DrainedHost[]): void {
  const wanted = new Map(drained.map(({ cluster, address, drain }) => [toHostKey(cluster, address), drain]));
  for (const [name, { balancer }] of clusters) {
    let isChanged = false;
    for (const { state } of balancer.hosts) {
      const drain = wanted.get(toHostKey(name, state.address)) ?? null;
      if (isSame(drain, state.drain)) continue;
      state.drain = drain;
      isChanged = true;
    }
    if (!isChanged) continue;
    balancer.healthChanged();
    balancer.warm();
  }
}

function isSame(a: HostDrain | null, b: HostDrain | null): boolean {
  if (a === null || b === null) return a === b;
  return a.by === b.by && a.startedSeconds === b.startedSeconds && a.deadlineSeconds === b.deadlineSeconds;
}
