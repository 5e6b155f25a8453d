import {
  type Balancer,
  type Cluster,
  type ConsistentHashing,
  DEFAULT_HEALTH_POLICY,
  type HealthPolicy,
  NO_CIRCUIT_BREAKERS,
  PLAIN_HTTP1,
  type SubsetConfig,
} from '../../../../src/model/cluster.ts';
import { Fields, NotUnderstood } from '../fields.ts';
import { parseHashPolicies } from './hash-policy.ts';
import { parseHealth, RECORDED, type RecordedHosts } from './hosts.ts';

const DEFAULT_RING_SIZE = 1024;
const MAX_RING_SIZE = 8_388_608;
const DEFAULT_TABLE_SIZE = 65_537;

/** A cluster of the recordings' configuration; `assignmentPolicy` is the load assignment's `policy`. */
export function parseCluster(name: string, config: unknown, hosts: RecordedHosts, assignmentPolicy?: unknown): Cluster {
  const fields = new Fields(config, `cluster ${name}`);
  // What checks and ejections did is said by flags of the hosts.
  fields.ignore('name', 'type', 'note', 'connect_timeout', 'outlier_detection', 'health_checks', 'dns_lookup_family');
  const common = fields.objectOrEmpty('common_lb_config');
  const typed = fields.has('load_balancing_policy') ? parseTypedPolicy(fields.object('load_balancing_policy')) : null;
  const hashing = parseHashing(common.objectOrEmpty('consistent_hashing_lb_config'));
  const balancer = typed?.balancer ?? parseBalancer(fields, hashing);
  const policy = new Fields(assignmentPolicy ?? {}, `cluster ${name} policy`);
  const cluster: Cluster = {
    name,
    discovery: { kind: 'listed' },
    protocol: PLAIN_HTTP1,
    balancer,
    balancerOrigin: null,
    groups: hosts.groups,
    health: parseHealthPolicy(common, policy, typed?.localityWeighted ?? false),
    circuitBreakers: NO_CIRCUIT_BREAKERS,
    retryBudget: null,
    healthChecks: [],
    outlierDetection: null,
    subsets: fields.has('lb_subset_config') ? parseSubsets(fields.object('lb_subset_config')) : null,
    connectTimeoutMillis: 5000,
    idleTimeoutMillis: 3_600_000,
    maxRequestsPerConnection: null,
    origin: RECORDED,
  };
  common.end();
  policy.end();
  fields.end();
  return cluster;
}

function parseBalancer(fields: Fields, hashing: ConsistentHashing): Balancer {
  const ring = fields.objectOrEmpty('ring_hash_lb_config');
  const maglev = fields.objectOrEmpty('maglev_lb_config');
  const leastRequest = fields.objectOrEmpty('least_request_lb_config');
  fields.ignore('round_robin_lb_config');
  const policy = fields.stringOr('lb_policy', 'ROUND_ROBIN');
  switch (policy) {
    case 'RING_HASH':
      return parseRing(ring, hashing);
    case 'MAGLEV':
      return { kind: 'maglev', tableSize: maglev.numberOr('table_size', DEFAULT_TABLE_SIZE), hashing };
    case 'ROUND_ROBIN':
      return { kind: 'roundRobin', slowStart: null };
    case 'LEAST_REQUEST':
      return { kind: 'leastRequest', choiceCount: leastRequest.numberOr('choice_count', 2), slowStart: null };
    case 'RANDOM':
      return { kind: 'random' };
    default:
      throw new NotUnderstood(`lb_policy ${policy}`);
  }
}

function parseRing(fields: Fields, hashing: ConsistentHashing): Balancer {
  const hashFunction = fields.stringOr('hash_function', 'XX_HASH');
  if (!['XX_HASH', 'MURMUR_HASH_2', 'DEFAULT_HASH'].includes(hashFunction)) throw new NotUnderstood(hashFunction);
  return {
    kind: 'ringHash',
    minimumSize: fields.numberOr('minimum_ring_size', DEFAULT_RING_SIZE),
    maximumSize: fields.numberOr('maximum_ring_size', MAX_RING_SIZE),
    hashFunction: hashFunction === 'MURMUR_HASH_2' ? 'murmurHash2' : 'xxHash',
    hashing,
  };
}

function parseHashing(fields: Fields): ConsistentHashing {
  const hashing = {
    useHostname: fields.booleanOr('use_hostname_for_hashing', false),
    balanceFactorPercent: fields.numberOr('hash_balance_factor', null),
    policies: parseHashPolicies(fields.listOrEmpty('hash_policy'), fields.pathOf('hash_policy')),
  };
  fields.end();
  return hashing;
}

/** `load_balancing_policy`: the first policy counts. */
function parseTypedPolicy(fields: Fields): { balancer: Balancer; localityWeighted: boolean } {
  const [first] = fields.objects('policies');
  if (first === undefined) throw new NotUnderstood('a load_balancing_policy without policies');
  const extension = first.object('typed_extension_config');
  const config = extension.object('typed_config');
  const type = config.string('@type');
  extension.ignore('name');
  // Ring hash and Maglev have the locality setting in the message itself, the others inside another one.
  const localities = config.has('locality_lb_config') ? config.object('locality_lb_config') : config;
  const localityWeighted = localities.has('locality_weighted_lb_config');
  const balancer = parseTypedBalancer(type, config);
  config.end();
  extension.end();
  return { balancer, localityWeighted };
}

function parseTypedBalancer(type: string, config: Fields): Balancer {
  const hashing = parseHashing(config.objectOrEmpty('consistent_hashing_lb_config'));
  config.ignore('slow_start_config');
  switch (type.slice(type.lastIndexOf('.') + 1)) {
    case 'RingHash': {
      // The message's own two fields are older names of those in the common part.
      const useHostname = hashing.useHostname || config.booleanOr('use_hostname_for_hashing', false);
      const balanceFactorPercent = hashing.balanceFactorPercent ?? config.numberOr('hash_balance_factor', null);
      return parseRing(config, { ...hashing, useHostname, balanceFactorPercent });
    }
    case 'Maglev':
      return { kind: 'maglev', tableSize: config.numberOr('table_size', DEFAULT_TABLE_SIZE), hashing };
    case 'RoundRobin':
      return { kind: 'roundRobin', slowStart: null };
    case 'LeastRequest':
      return { kind: 'leastRequest', choiceCount: config.numberOr('choice_count', 2), slowStart: null };
    case 'Random':
      return { kind: 'random' };
    default:
      throw new NotUnderstood(`load balancing policy ${type}`);
  }
}

function parseHealthPolicy(common: Fields, policy: Fields, typedLocalityWeighted: boolean): HealthPolicy {
  common.ignore('zone_aware_lb_config', 'update_merge_window', 'ignore_new_hosts_until_first_hc');
  common.ignore('close_connections_on_host_set_change');
  policy.ignore('endpoint_stale_after', 'drop_overloads');
  const override = common.has('override_host_status') ? common.object('override_host_status') : null;
  return {
    overprovisioningPercent: policy.numberOr('overprovisioning_factor', DEFAULT_HEALTH_POLICY.overprovisioningPercent),
    weightedPriorityHealth: policy.booleanOr('weighted_priority_health', false),
    panicThresholdPercent: common.numberOr('healthy_panic_threshold', DEFAULT_HEALTH_POLICY.panicThresholdPercent),
    localityWeighted: common.has('locality_weighted_lb_config') || typedLocalityWeighted,
    sessionHealth:
      override === null
        ? DEFAULT_HEALTH_POLICY.sessionHealth
        : override.listOrEmpty('statuses').map((status) => parseHealth(status, override.pathOf('statuses'))),
  };
}

function parseSubsets(fields: Fields): SubsetConfig {
  const fallback = fields.stringOr('fallback_policy', 'NO_FALLBACK');
  if (fallback !== 'NO_FALLBACK' && fallback !== 'ANY_ENDPOINT') throw new NotUnderstood(`fallback_policy ${fallback}`);
  const selectors = fields.objects('subset_selectors').map((selector) => {
    const keys = selector.strings('keys');
    selector.end();
    return keys;
  });
  fields.end();
  return { selectors, fallback: fallback === 'ANY_ENDPOINT' ? 'any' : 'none' };
}
