import type { HashPolicy } from '../../model/affinity.ts';
import {
  type Balancer,
  type CircuitBreakers,
  type Cluster,
  type ConsistentHashing,
  DEFAULT_HEALTH_POLICY,
  type EndpointGroup,
  type HealthPolicy,
  type SlowStart,
} from '../../model/cluster.ts';
import { originOf } from '../../resources/resource.ts';
import { emitOutlierDetection } from './emit-outlier.ts';
import { emitUpstream, type UpstreamDefaults } from './emit-upstream.ts';
import type { IstioPort, IstioService } from './istio-service.ts';
import type { ClusterPolicy, Place } from './resolve-policy.ts';
import type { ConnectionPool } from './schema-connection-pool.ts';
import type { ConsistentHash, LoadBalancer } from './schema-load-balancer.ts';

/** Everything that shapes one cluster. */
export interface ResolvedCluster {
  readonly service: IstioService;
  readonly port: IstioPort;
  /** Empty: the whole service. */
  readonly subset: string;
  readonly groups: readonly EndpointGroup[];
  readonly policy: ClusterPolicy;
  /** Nothing may be sent, whatever the balancer. */
  readonly isClosed: boolean;
  readonly isLocalityWeighted: boolean;
  /** Endpoints that are not ready are among the groups. */
  readonly knowsUnhealthy: boolean;
  /** Where the policy's load balancer stands; null: nowhere. */
  readonly balancerPlace: Place | null;
  /** What says how endpoints are spoken to; null: the port alone. */
  readonly upstreamPlace: Place | null;
  readonly mesh: ClusterDefaults;
}

/** What the mesh says where no rule does. */
export interface ClusterDefaults extends UpstreamDefaults {
  readonly connectTimeout: number | null;
}

/** Envoy's limit and default of the ring's upper size (envoy-affinity §4.1). */
const MAXIMUM_RING_SIZE = 8388608;
const DEFAULT_CONNECT_TIMEOUT_MILLIS = 10_000;
const DEFAULT_IDLE_TIMEOUT_MILLIS = 3_600_000;

/** Istio's name of a cluster; virtual hosts and routes refer to it. */
export function clusterName(host: string, port: number, subset: string): string {
  return `outbound|${port}|${subset}|${host}`;
}

export function emitCluster(resolved: ResolvedCluster): Cluster {
  const { service, port, subset, groups, policy, balancerPlace, isClosed } = resolved;
  const { connectionPool: pool, retryBudget: budget } = policy;
  const isPassthrough = policy.loadBalancer?.simple === 'PASSTHROUGH' && !isClosed;
  return {
    name: clusterName(service.host, port.number, subset),
    discovery: isPassthrough ? { kind: 'originalDestination' } : service.discovery,
    protocol: emitUpstream(resolved),
    balancer: emitBalancer(policy.loadBalancer),
    balancerOrigin: balancerPlace === null ? null : originOf(balancerPlace.resource, balancerPlace.path),
    groups,
    health: emitHealth(resolved),
    circuitBreakers: emitCircuitBreakers(pool),
    retryBudget: budget === null ? null : { percent: budget.percent, minConcurrency: budget.minRetryConcurrency },
    healthChecks: [],
    outlierDetection: policy.outlierDetection === null ? null : emitOutlierDetection(policy.outlierDetection),
    subsets: null,
    connectTimeoutMillis: pool?.tcp.connectTimeout ?? resolved.mesh.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT_MILLIS,
    idleTimeoutMillis: pool?.http.idleTimeout ?? pool?.tcp.idleTimeout ?? DEFAULT_IDLE_TIMEOUT_MILLIS,
    maxRequestsPerConnection: limit(pool?.http.maxRequestsPerConnection),
    origin: originOf(service.resource),
  };
}

/** LEAST_REQUEST unless told otherwise (istio-affinity §3, §5). */
function emitBalancer(balancer: LoadBalancer | null): Balancer {
  if (balancer?.consistentHash) return emitHashBalancer(balancer.consistentHash);
  if (balancer?.simple === 'RANDOM') return { kind: 'random' };
  const slowStart = balancer === null ? null : emitSlowStart(balancer);
  if (balancer?.simple === 'ROUND_ROBIN') return { kind: 'roundRobin', slowStart };
  return { kind: 'leastRequest', choiceCount: 2, slowStart };
}

function emitHashBalancer(hash: ConsistentHash): Balancer {
  const hashing: ConsistentHashing = { useHostname: false, balanceFactorPercent: null, policies: [] };
  if (hash.maglev !== null) return { kind: 'maglev', tableSize: hash.maglev.tableSize, hashing };
  return {
    kind: 'ringHash',
    // Istio writes 1024 where nothing is given and leaves `ringHash: {}` to Envoy, whose default is 1024 too.
    minimumSize: hash.ringHash?.minimumRingSize ?? (hash.minimumRingSize || 1024),
    maximumSize: MAXIMUM_RING_SIZE,
    hashFunction: 'xxHash',
    hashing,
  };
}

function emitSlowStart({ warmup, warmupDurationSecs }: LoadBalancer): SlowStart | null {
  if (warmup !== null) {
    return { windowMillis: warmup.duration, aggression: warmup.aggression, minWeightPercent: warmup.minimumPercent };
  }
  return warmupDurationSecs === null ? null : { windowMillis: warmupDurationSecs, aggression: 1, minWeightPercent: 10 };
}

/** The hash policy that a route computes for a destination (istio-affinity §4); none where no key is given. */
export function emitHashPolicy(hash: ConsistentHash): HashPolicy | null {
  const terminal = false;
  if (hash.httpHeaderName !== null) {
    return { kind: 'header', name: hash.httpHeaderName.toLowerCase(), rewrite: null, terminal };
  }
  if (hash.httpCookie !== null) {
    const { name, path, ttl, attributes } = hash.httpCookie;
    return {
      kind: 'cookie',
      cookie: { name, ttlMillis: ttl === null ? null : Math.max(0, ttl), path, attributes },
      terminal,
    };
  }
  if (hash.httpQueryParameterName !== null) return { kind: 'query', name: hash.httpQueryParameterName, terminal };
  return hash.useSourceIp === true ? { kind: 'sourceIp', terminal } : null;
}

/**
 * A session label lets draining endpoints keep their sessions (istio-affinity §8). Istio says so for the base cluster
 * only, which makes a rollout end every session on a subset; here subset clusters have it too.
 */
function emitHealth({ service, policy, isLocalityWeighted, knowsUnhealthy }: ResolvedCluster): HealthPolicy {
  const { panicThresholdPercent: byDefault } = DEFAULT_HEALTH_POLICY;
  return {
    ...DEFAULT_HEALTH_POLICY,
    // In a panic those that are not ready would be sent to.
    panicThresholdPercent: knowsUnhealthy ? 0 : (policy.outlierDetection?.minHealthPercent ?? byDefault),
    localityWeighted: isLocalityWeighted,
    sessionHealth:
      service.session === null ? DEFAULT_HEALTH_POLICY.sessionHealth : ['healthy', 'draining', 'unknown', 'degraded'],
  };
}

function emitCircuitBreakers(pool: ConnectionPool | null): CircuitBreakers {
  return {
    maxConnections: limit(pool?.tcp.maxConnections),
    maxPendingRequests: limit(pool?.http.http1MaxPendingRequests),
    maxRequests: limit(pool?.http.http2MaxRequests),
    maxRetries: limit(pool?.http.maxRetries),
  };
}

/** Istio's 0 is no limit. */
function limit(value: number | undefined): number | null {
  return value === undefined || value === 0 ? null : value;
}
