import {
  type Balancer,
  type Cluster,
  type ConsistentHashing,
  DEFAULT_HEALTH_POLICY,
  type HealthPolicy,
  type SlowStart,
  type SubsetConfig,
} from '../model/cluster.ts';
import { emitHashPolicy } from './hash-policy.ts';
import { duration, extension, type Message, message, percent, unlessEmpty } from './proto-json.ts';

/** Envoy's default and upper limit of a ring (envoy-affinity §4.1). */
const MAXIMUM_RING_SIZE = 8388608;
const DEFAULT_CHOICES = 2;

/** The fields of a Cluster that choose an endpoint: the balancer with its settings, and what may be chosen at all. */
export function emitLoadBalancing({ discovery, balancer, health, subsets }: Cluster): Message {
  if (discovery.kind === 'originalDestination') return { lbPolicy: 'CLUSTER_PROVIDED', commonLbConfig: {} };
  const typedPolicy = emitTypedPolicy(balancer, health);
  if (typedPolicy !== null) return { loadBalancingPolicy: typedPolicy, commonLbConfig: emitHealthPolicy(health) };
  return message({
    ...emitBalancer(balancer),
    commonLbConfig: { ...emitHealthPolicy(health), ...emitLocalities(health), ...emitHashing(balancer) },
    lbSubsetConfig: subsets === null ? null : emitSubsets(subsets),
  });
}

function emitSubsets({ fallback, selectors }: SubsetConfig): Message {
  return message({
    fallbackPolicy: fallback === 'any' ? 'ANY_ENDPOINT' : null,
    subsetSelectors: selectors.map((keys) => ({ keys: [...keys] })),
  });
}

function emitBalancer(balancer: Balancer): Message {
  switch (balancer.kind) {
    case 'roundRobin':
      return message({ lbPolicy: 'ROUND_ROBIN', roundRobinLbConfig: unlessEmpty(emitSlowStart(balancer.slowStart)) });
    case 'leastRequest':
      return message({
        lbPolicy: 'LEAST_REQUEST',
        leastRequestLbConfig: unlessEmpty(
          message({
            choiceCount: balancer.choiceCount === DEFAULT_CHOICES ? null : balancer.choiceCount,
            ...emitSlowStart(balancer.slowStart),
          }),
        ),
      });
    case 'random':
      return { lbPolicy: 'RANDOM' };
    case 'ringHash':
      return { lbPolicy: 'RING_HASH', ringHashLbConfig: emitRing(balancer) };
    case 'maglev':
      return { lbPolicy: 'MAGLEV', maglevLbConfig: { tableSize: String(balancer.tableSize) } };
  }
}

function emitRing(ring: Extract<Balancer, { kind: 'ringHash' }>): Message {
  return message({
    minimumRingSize: String(ring.minimumSize),
    maximumRingSize: ring.maximumSize === MAXIMUM_RING_SIZE ? null : String(ring.maximumSize),
    hashFunction: ring.hashFunction === 'murmurHash2' ? 'MURMUR_HASH_2' : null,
  });
}

function emitSlowStart(slowStart: SlowStart | null): Message {
  if (slowStart === null) return {};
  const { windowMillis, aggression, minWeightPercent } = slowStart;
  return {
    slowStartConfig: {
      slowStartWindow: duration(windowMillis),
      // Envoy wants a key for every runtime number; nobody sets this one.
      aggression: { defaultValue: aggression, runtimeKey: 'limpet.slow_start.aggression' },
      minWeightPercent: percent(minWeightPercent),
    },
  };
}

function emitHashing(balancer: Balancer): Message {
  if (balancer.kind !== 'ringHash' && balancer.kind !== 'maglev') return {};
  return message({ consistentHashingLbConfig: unlessEmpty(emitConsistentHashing(balancer.hashing)) });
}

function emitConsistentHashing({ useHostname, balanceFactorPercent }: ConsistentHashing): Message {
  return message({
    useHostnameForHashing: useHostname || null,
    hashBalanceFactor: balanceFactorPercent || null,
  });
}

function emitLocalities({ localityWeighted }: HealthPolicy): Message {
  return localityWeighted ? { localityWeightedLbConfig: {} } : {};
}

function emitHealthPolicy({ panicThresholdPercent: panic, sessionHealth }: HealthPolicy): Message {
  const isDefault = sessionHealth.join() === DEFAULT_HEALTH_POLICY.sessionHealth.join();
  return message({
    healthyPanicThreshold: panic === DEFAULT_HEALTH_POLICY.panicThresholdPercent ? null : percent(panic),
    overrideHostStatus: isDefault ? null : { statuses: sessionHealth.map((status) => status.toUpperCase()) },
  });
}

/**
 * The newer way to name a balancer, which can do what `lbPolicy` can't: hash policies of a cluster that replace the
 * routes' (envoy-affinity §7.3). null: `lbPolicy` can say it all. Envoy takes only one of the two.
 */
function emitTypedPolicy(balancer: Balancer, health: HealthPolicy): Message | null {
  if (balancer.kind !== 'ringHash' && balancer.kind !== 'maglev') return null;
  const { hashing } = balancer;
  if (hashing.policies.length === 0) return null;
  const common = {
    consistentHashingLbConfig: message({
      ...emitConsistentHashing(hashing),
      hashPolicy: hashing.policies.map(emitHashPolicy),
    }),
    ...emitLocalities(health),
  };
  const policy =
    balancer.kind === 'ringHash'
      ? typedPolicy('ring_hash.v3.RingHash', { ...emitRing(balancer), ...common })
      : typedPolicy('maglev.v3.Maglev', { tableSize: String(balancer.tableSize), ...common });
  return { policies: [{ typedExtensionConfig: policy }] };
}

function typedPolicy(type: string, fields: Message): Message {
  const [name] = type.split('.');
  return extension(`envoy.load_balancing_policies.${name}`, `envoy.extensions.load_balancing_policies.${type}`, fields);
}
