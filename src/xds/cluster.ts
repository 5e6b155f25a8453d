import type { Cluster } from '../model/cluster.ts';
import type { EmitContext } from './emit-context.ts';
import { emitLoadAssignment, hasNames, isRetired } from './load-assignment.ts';
import { emitLoadBalancing } from './load-balancer.ts';
import { duration, FROM_ADS, type Message, message } from './proto-json.ts';
import { emitCircuitBreakers, emitHealthChecks, emitOutlierDetection } from './upstream-health.ts';
import { emitUpstreamProtocol } from './upstream-protocol.ts';

/** A Cluster; null: it needs what can't be had, so that its requests are answered 503. */
export function emitCluster(context: EmitContext, written: Cluster): Message | null {
  const cluster = keepSessionsOfRetired(written);
  const protocol = emitUpstreamProtocol(context, cluster);
  if (protocol === null) return null;
  return message({
    name: cluster.name,
    ...emitDiscovery(context, cluster),
    connectTimeout: duration(cluster.connectTimeoutMillis),
    ...emitLoadBalancing(cluster),
    circuitBreakers: emitCircuitBreakers(cluster),
    outlierDetection: cluster.outlierDetection === null ? null : emitOutlierDetection(cluster.outlierDetection),
    healthChecks: emitHealthChecks(cluster.healthChecks),
    ...protocol,
  });
}

/** Endpoints of weight 0 are handed to Envoy as draining, so draining ones must keep their sessions. */
function keepSessionsOfRetired(cluster: Cluster): Cluster {
  const { health } = cluster;
  if (health.sessionHealth.includes('draining')) return cluster;
  if (!cluster.groups.some(({ endpoints }) => endpoints.some(isRetired))) return cluster;
  return { ...cluster, health: { ...health, sessionHealth: [...health.sessionHealth, 'draining'] } };
}

function emitDiscovery({ inline }: EmitContext, cluster: Cluster): Message {
  switch (cluster.discovery.kind) {
    case 'originalDestination':
      return { type: 'ORIGINAL_DST' };
    case 'dns':
      return {
        type: cluster.discovery.everyAddress ? 'STRICT_DNS' : 'LOGICAL_DNS',
        dnsRefreshRate: duration(cluster.discovery.refreshMillis),
        ...LOOKUPS,
        loadAssignment: emitLoadAssignment(cluster),
      };
    case 'listed':
      if (isListedByEds(cluster) && !inline)
        return { type: 'EDS', edsClusterConfig: { edsConfig: FROM_ADS, serviceName: cluster.name } };
      return { type: needsLookup(cluster) ? 'STRICT_DNS' : 'STATIC', loadAssignment: emitLoadAssignment(cluster) };
  }
}

/** True where the endpoints are a resource of their own for a control plane. */
export function isListedByEds(cluster: Cluster): boolean {
  return cluster.discovery.kind === 'listed' && !hashesNames(cluster);
}

function needsLookup(cluster: Cluster): boolean {
  return hasNames(cluster) || hashesNames(cluster);
}

/** Envoy hashes by hostname in clusters of names only; there an address is looked up to itself. */
function hashesNames({ balancer }: Cluster): boolean {
  return (balancer.kind === 'ringHash' || balancer.kind === 'maglev') && balancer.hashing.useHostname;
}

/** How Istio has names looked up. */
const LOOKUPS: Message = {
  respectDnsTtl: true,
  dnsLookupFamily: 'V4_ONLY',
  dnsJitter: '0.100s',
};
