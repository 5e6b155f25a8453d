import type { DestinationRule, Placed } from './resolve-destination-rules.ts';
import type { ConsistentHash, PolicyBlocks, TrafficPolicy } from './schema-destination-rule.ts';

const NO_BLOCKS: PolicyBlocks = { loadBalancer: null, connectionPool: null, outlierDetection: null, tls: null };

/** The blocks that shape the cluster of a port and a subset (istio-affinity §4, cluster half). */
export function clusterPolicy(rule: DestinationRule | null, port: number, subset: string): PolicyBlocks {
  const policy = rule?.policy?.value ?? null;
  const destination = portBlocks(policy, port) ?? policy ?? NO_BLOCKS;
  const own = rule?.subsets.get(subset)?.value.trafficPolicy ?? null;
  // A port block replaces everything around it: what it leaves out is the default, not inherited.
  return portBlocks(own, port) ?? overlay(destination, own ?? NO_BLOCKS);
}

function portBlocks(policy: TrafficPolicy | null, port: number): PolicyBlocks | undefined {
  return policy?.portLevelSettings.find((block) => block?.port.number === port) ?? undefined;
}

function overlay(below: PolicyBlocks, above: PolicyBlocks): PolicyBlocks {
  return {
    loadBalancer: above.loadBalancer ?? below.loadBalancer,
    connectionPool: above.connectionPool ?? below.connectionPool,
    outlierDetection: above.outlierDetection ?? below.outlierDetection,
    tls: above.tls ?? below.tls,
  };
}

/**
 * The hash that a route to a destination computes (istio-affinity §4, route half): subset port, subset, port,
 * destination; the first level that has one. `port` is null where port blocks are not to be looked at.
 */
export function routeHash(
  rule: DestinationRule | null,
  port: number | null,
  subset: string,
): Placed<ConsistentHash> | null {
  const own = rule?.subsets.get(subset) ?? null;
  const ownPolicy = own?.value.trafficPolicy ?? null;
  const levels: (Placed<TrafficPolicy> | null)[] = [
    own === null || ownPolicy === null
      ? null
      : { value: ownPolicy, resource: own.resource, path: [...own.path, 'trafficPolicy'] },
    rule?.policy ?? null,
  ];
  for (const level of levels) {
    if (level === null) continue;
    const found = (port === null ? null : hashOfPort(level, port)) ?? hashOf(level);
    if (found !== null) return found;
  }
  return null;
}

function hashOfPort(level: Placed<TrafficPolicy>, port: number): Placed<ConsistentHash> | null {
  const { portLevelSettings } = level.value;
  const index = portLevelSettings.findIndex((block) => block?.port.number === port);
  const value = portLevelSettings[index]?.loadBalancer?.consistentHash ?? null;
  if (value === null) return null;
  const path = [...level.path, 'portLevelSettings', index, 'loadBalancer', 'consistentHash'];
  return { value, resource: level.resource, path };
}

function hashOf(level: Placed<TrafficPolicy>): Placed<ConsistentHash> | null {
  const value = level.value.loadBalancer?.consistentHash ?? null;
  return value === null
    ? null
    : { value, resource: level.resource, path: [...level.path, 'loadBalancer', 'consistentHash'] };
}
