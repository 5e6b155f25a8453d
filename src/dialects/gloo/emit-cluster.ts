import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import {
  type Balancer,
  type Cluster,
  DEFAULT_HEALTH_POLICY,
  PLAIN_HTTP1,
  type SlowStart,
} from '../../model/cluster.ts';
import { nameOf, originOf, type Resource } from '../../resources/resource.ts';
import { emitHealthCheck, emitOutlierDetection } from './emit-resilience.ts';
import type { ResolvedUpstream } from './resolve-upstreams.ts';
import type { LoadBalancerConfig, SlowStartConfig } from './schema-upstream.ts';

/** Gloo's name of an Upstream's cluster. */
function clusterName(upstream: Resource): string {
  const { name, namespace } = upstream.metadata;
  return `${name}_${namespace}`;
}

/** Defaults are Gloo's where it sets any (docs/dialects/gloo.md), else Envoy's. */
export function emitCluster({ resource, spec, groups }: ResolvedUpstream, sink: DiagnosticSink): Cluster {
  const { loadBalancerConfig, connectionConfig, circuitBreakers } = spec;
  const hasHostnames = groups.every(({ endpoints }) => endpoints.every(({ hostname }) => hostname !== ''));
  if (loadBalancerConfig?.useHostnameForHashing && !hasHostnames) {
    const message = `endpoints of Upstream ${nameOf(resource)} have no hostnames, so they are hashed by address`;
    const at = resource.position(['spec', 'loadBalancerConfig', 'useHostnameForHashing'], 'key');
    sink.report('warning', 'ignored-field', at, message, 'Endpoints without names would all be one to the hash.');
  }
  return {
    name: clusterName(resource),
    discovery: { kind: 'listed' },
    protocol: PLAIN_HTTP1,
    balancer: emitBalancer(loadBalancerConfig, hasHostnames),
    balancerOrigin: loadBalancerConfig === null ? null : originOf(resource, ['spec', 'loadBalancerConfig']),
    groups,
    health: {
      ...DEFAULT_HEALTH_POLICY,
      panicThresholdPercent: loadBalancerConfig?.healthyPanicThreshold ?? DEFAULT_HEALTH_POLICY.panicThresholdPercent,
    },
    retryBudget: null,
    healthChecks: spec.healthChecks.filter((check) => check !== null).map(emitHealthCheck),
    outlierDetection: spec.outlierDetection === null ? null : emitOutlierDetection(spec.outlierDetection),
    circuitBreakers: {
      maxConnections: circuitBreakers?.maxConnections ?? 1024,
      maxPendingRequests: circuitBreakers?.maxPendingRequests ?? 1024,
      maxRequests: circuitBreakers?.maxRequests ?? 1024,
      maxRetries: circuitBreakers?.maxRetries ?? 3,
    },
    subsets: null,
    connectTimeoutMillis: connectionConfig?.connectTimeout ?? 5000,
    idleTimeoutMillis: connectionConfig?.commonHttpProtocolOptions?.idleTimeout ?? 3_600_000,
    maxRequestsPerConnection: connectionConfig?.maxRequestsPerConnection || null,
    origin: originOf(resource),
  };
}

/** Gloo's decoder takes several balancers and keeps the one its API declares last. */
function emitBalancer(config: LoadBalancerConfig | null, hasHostnames: boolean): Balancer {
  const useHostname = (config?.useHostnameForHashing ?? false) && hasHostnames;
  const hashing = { useHostname, balanceFactorPercent: null, policies: [] };
  if (config?.maglev) return { kind: 'maglev', tableSize: 65537, hashing };
  if (config?.ringHash) {
    const { minimumRingSize, maximumRingSize } = config.ringHash.ringHashConfig;
    return {
      kind: 'ringHash',
      minimumSize: minimumRingSize || 1024,
      maximumSize: maximumRingSize || 8388608,
      hashFunction: 'xxHash',
      hashing,
    };
  }
  if (config?.random) return { kind: 'random' };
  if (config?.leastRequest) {
    const { choiceCount, slowStartConfig } = config.leastRequest;
    return { kind: 'leastRequest', choiceCount: Math.max(choiceCount, 2), slowStart: emitSlowStart(slowStartConfig) };
  }
  return { kind: 'roundRobin', slowStart: emitSlowStart(config?.roundRobin?.slowStartConfig ?? null) };
}

function emitSlowStart(config: SlowStartConfig | null): SlowStart | null {
  if (config === null || config.slowStartWindow === 0) return null;
  return {
    windowMillis: config.slowStartWindow,
    aggression: config.aggression,
    minWeightPercent: config.minWeightPercent,
  };
}
