import type { ActionContext } from './resolve-destination.ts';
import type { ConsistentHash } from './schema-load-balancer.ts';

/** Rings and tables with fewer entries than there are endpoints (envoy-affinity §4, §5). */
export function lintRings({ clusters, sink }: ActionContext): void {
  for (const { service, groups, policy, balancerPlace } of clusters.resolved) {
    const hash = policy.loadBalancer?.consistentHash ?? null;
    const count = groups.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
    if (hash === null || balancerPlace === null) continue;
    const { size, field } = sizeOf(hash);
    if (size >= count) continue;
    const { resource, path } = balancerPlace;
    const what =
      hash.maglev === null
        ? `ring of ${size} entries for ${count} endpoints of ${service.host}: each gets about one place, so loads are very uneven and a change moves many keys`
        : `table of ${size} entries for ${count} endpoints of ${service.host}: some of them get no requests at all`;
    const help =
      'Use a hundred entries or more for each endpoint; 1024 is the default of a ring, 65537 is common for maglev.';
    sink.report('warning', 'small-ring', resource.position([...path, 'consistentHash', ...field]), `a ${what}`, help);
  }
}

function sizeOf(hash: ConsistentHash): { size: number; field: readonly string[] } {
  if (hash.maglev !== null) return { size: hash.maglev.tableSize, field: ['maglev', 'tableSize'] };
  if (hash.ringHash !== null) return { size: hash.ringHash.minimumRingSize, field: ['ringHash', 'minimumRingSize'] };
  return { size: hash.minimumRingSize || 1024, field: ['minimumRingSize'] };
}
