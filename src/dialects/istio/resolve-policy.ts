import type { FieldPath, Resource } from '../../resources/resource.ts';
import type { DestinationRule, Placed } from './resolve-destination-rules.ts';
import type { PolicyBlocks, ProxyProtocolSpec, RetryBudgetSpec, TrafficPolicy } from './schema-destination-rule.ts';
import type { ConsistentHash } from './schema-load-balancer.ts';

/** What shapes one cluster. */
export interface ClusterPolicy extends PolicyBlocks {
  readonly retryBudget: RetryBudgetSpec | null;
  readonly proxyProtocol: ProxyProtocolSpec | null;
}

const NO_POLICY: ClusterPolicy = {
  loadBalancer: null,
  connectionPool: null,
  outlierDetection: null,
  tls: null,
  retryBudget: null,
  proxyProtocol: null,
};

/** The blocks that shape the cluster of a port and a subset (istio-affinity §4, cluster half). */
export function clusterPolicy(rule: DestinationRule | null, port: number, subset: string): ClusterPolicy {
  const policy = rule?.policy?.value ?? null;
  const destination = portPolicy(policy, port) ?? policy ?? NO_POLICY;
  const own = rule?.subsets.get(subset)?.value.trafficPolicy ?? null;
  const inPort = portPolicy(own, port);
  // A port block has no place for these two, so they stay what they are.
  if (inPort) {
    return { ...inPort, retryBudget: destination.retryBudget, proxyProtocol: destination.proxyProtocol };
  }
  return overlay(destination, own ?? NO_POLICY);
}

/** A field of a resource. */
export interface Place {
  readonly resource: Resource;
  readonly path: FieldPath;
}

/** Where a block of `clusterPolicy` stands; null: there is none, so that it is the default. */
export function blockPlace(
  block: keyof PolicyBlocks,
  rule: DestinationRule | null,
  port: number,
  subset: string,
): Place | null {
  const own = rule?.subsets.get(subset) ?? null;
  const ownPolicy = own?.value.trafficPolicy ?? null;
  if (own !== null && ownPolicy !== null) {
    const path = [...own.path, 'trafficPolicy'];
    const inPort = portIndex(ownPolicy, port);
    if (inPort >= 0) return placeInPort(block, ownPolicy, inPort, own.resource, path);
    if (ownPolicy[block] !== null) return { resource: own.resource, path: [...path, block] };
  }
  const policy = rule?.policy ?? null;
  if (policy === null) return null;
  const inPort = portIndex(policy.value, port);
  if (inPort >= 0) return placeInPort(block, policy.value, inPort, policy.resource, policy.path);
  return policy.value[block] === null ? null : { resource: policy.resource, path: [...policy.path, block] };
}

function portIndex(policy: TrafficPolicy, port: number): number {
  return policy.portLevelSettings.findIndex((block) => block?.port.number === port);
}

function placeInPort(
  block: keyof PolicyBlocks,
  policy: TrafficPolicy,
  index: number,
  resource: Resource,
  path: FieldPath,
): Place | null {
  if ((policy.portLevelSettings[index]?.[block] ?? null) === null) return null;
  return { resource, path: [...path, 'portLevelSettings', index, block] };
}

/** A port block replaces everything around it: what it leaves out is the default, not inherited. */
function portPolicy(policy: TrafficPolicy | null, port: number): ClusterPolicy | undefined {
  const block = policy?.portLevelSettings.find((candidate) => candidate?.port.number === port);
  return block == null ? undefined : { ...block, retryBudget: null, proxyProtocol: null };
}

function overlay(below: ClusterPolicy, above: ClusterPolicy): ClusterPolicy {
  return {
    loadBalancer: above.loadBalancer ?? below.loadBalancer,
    connectionPool: above.connectionPool ?? below.connectionPool,
    outlierDetection: above.outlierDetection ?? below.outlierDetection,
    tls: above.tls ?? below.tls,
    retryBudget: above.retryBudget ?? below.retryBudget,
    proxyProtocol: above.proxyProtocol ?? below.proxyProtocol,
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
