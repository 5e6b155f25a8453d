import { type Cluster, DEFAULT_HEALTH_POLICY, NO_CIRCUIT_BREAKERS, PLAIN_HTTP1 } from '../../model/cluster.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import type { Service, ServicePort } from '../../resources/kubernetes/service.ts';
import { emitServingGroups } from '../../resources/kubernetes/serving-groups.ts';
import { originOf } from '../../resources/resource.ts';

export function clusterName(service: Service, port: number): string {
  return `service/${service.namespace}/${service.name}/${port}`;
}

/** A Service's endpoints with the defaults of the Gateway API, which says nothing about balancing: round robin, no limits. */
export function emitCluster(service: Service, port: ServicePort, kubernetes: Kubernetes): Cluster {
  return {
    name: clusterName(service, port.port),
    discovery: { kind: 'listed' },
    protocol: PLAIN_HTTP1,
    balancer: { kind: 'roundRobin', slowStart: null },
    balancerOrigin: null,
    groups: emitServingGroups(kubernetes.endpoints(service, port), kubernetes),
    health: { ...DEFAULT_HEALTH_POLICY, sessionHealth: ['unknown', 'healthy', 'degraded', 'draining'] },
    circuitBreakers: NO_CIRCUIT_BREAKERS,
    retryBudget: null,
    healthChecks: [],
    outlierDetection: null,
    subsets: null,
    connectTimeoutMillis: 10_000,
    idleTimeoutMillis: 3_600_000,
    maxRequestsPerConnection: null,
    origin: originOf(service.resource),
  };
}
