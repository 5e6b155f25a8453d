import { type Host, hasLabels } from '../../affinity/host.ts';
import { virtualHostsOf } from '../../model/listener.ts';
import type { Rebalance } from '../../model/strong-session.ts';
import type { Runtime } from '../runtime.ts';
import type { UpstreamHost } from '../upstream-host.ts';

/** Hosts among which a policy's sessions move. */
export interface MovePool {
  readonly hosts: readonly Host<UpstreamHost>[];
  /** Those that take new sessions now. */
  readonly candidates: () => readonly Host<UpstreamHost>[];
  /** So many sessions a host may have and no more; Infinity: any number. */
  readonly cap: number;
}

/** A policy whose sessions move for the balance. */
export interface MovePolicy {
  readonly policy: string;
  readonly rebalance: Rebalance;
  /** Of a host in several pools the first counts. */
  readonly pools: readonly MovePool[];
}

/** The policies of a runtime that have `rebalance`, each with the targets of all its routes; those by subset come first. */
export function movePoliciesOf({ snapshot, clusters }: Runtime): readonly MovePolicy[] {
  const policies = new Map<string, MovePolicy & { readonly pools: MovePool[] }>();
  const known = new Set<string>();
  for (const { action } of snapshot.model.listeners.flatMap(virtualHostsOf).flatMap((host) => host.routes)) {
    if (action.kind !== 'forward' || action.affinity.kind !== 'strongSession') continue;
    const { session } = action.affinity;
    const { policy, rebalance, newSessions, maxSessionsPerEndpoint, slowStart, identity } = session;
    if (rebalance === null || session.token.kind === 'address') continue;
    const entry = policies.get(policy) ?? { policy, rebalance, pools: [] };
    policies.set(policy, entry);
    for (const { cluster, subset } of action.targets) {
      const key = JSON.stringify([policy, cluster, subset]);
      const balancer = clusters.get(cluster)?.balancer;
      const set = balancer?.hostSet(subset) ?? null;
      if (balancer === undefined || set === null || known.has(key)) continue;
      known.add(key);
      const chooser = set.newSessions({ newSessions, maxSessionsPerEndpoint, slowStart, identity });
      const pool: MovePool = {
        hosts: balancer.hosts.filter(({ endpoint }) => subset === null || hasLabels(endpoint, subset)),
        candidates: () => chooser.candidates,
        cap: maxSessionsPerEndpoint ?? Number.POSITIVE_INFINITY,
      };
      if (subset === null) entry.pools.push(pool);
      else entry.pools.unshift(pool);
    }
  }
  return [...policies.values()];
}
