import { virtualHostsOf } from '../../model/listener.ts';
import type { Model } from '../../model/model.ts';

/**
 * For each cluster that session policies send sessions to: how long the most patient of them lets a draining endpoint
 * keep its sessions, in milliseconds; null: as long as it serves.
 */
export function longestDrainMillis({ listeners }: Model): ReadonlyMap<string, number | null> {
  const longest = new Map<string, number | null>();
  for (const { action } of listeners.flatMap(virtualHostsOf).flatMap((host) => host.routes)) {
    if (action.kind !== 'forward' || action.affinity.kind !== 'strongSession') continue;
    const { drainDeadlineMillis } = action.affinity.session;
    for (const { cluster } of action.targets) {
      const known = longest.get(cluster);
      if (known === null) continue;
      longest.set(cluster, drainDeadlineMillis === null ? null : Math.max(known ?? 0, drainDeadlineMillis));
    }
  }
  return longest;
}
