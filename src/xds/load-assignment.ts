import { parseIpAddress } from '../model/address.ts';
import type { Cluster, Endpoint, EndpointGroup, Locality } from '../model/cluster.ts';
import { DEFAULT_HEALTH_POLICY } from '../model/cluster.ts';
import { type Message, message, unlessEmpty } from './proto-json.ts';

/** A ClusterLoadAssignment, with endpoints in the order of the model: rings depend on it (envoy-affinity §3.3). */
export function emitLoadAssignment({ name, groups, health, subsets }: Cluster): Message {
  const keys = new Set(subsets?.selectors.flat());
  const { overprovisioningPercent, weightedPriorityHealth } = health;
  const isDefault = overprovisioningPercent === DEFAULT_HEALTH_POLICY.overprovisioningPercent;
  return message({
    clusterName: name,
    endpoints: groups.map((group) => emitGroup(group, keys)),
    policy: unlessEmpty(
      message({
        overprovisioningFactor: isDefault ? null : overprovisioningPercent,
        weightedPriorityHealth: weightedPriorityHealth || null,
      }),
    ),
  });
}

function emitGroup({ locality, priority, weight, endpoints }: EndpointGroup, keys: ReadonlySet<string>): Message {
  return message({
    locality: unlessEmpty(emitLocality(locality)),
    lbEndpoints: endpoints.map((endpoint) => emitEndpoint(endpoint, keys)),
    loadBalancingWeight: weight,
    priority: priority || null,
  });
}

function emitLocality({ region, zone, subZone }: Locality): Message {
  return message({ region: region || null, zone: zone || null, subZone: subZone || null });
}

function emitEndpoint(endpoint: Endpoint, keys: ReadonlySet<string>): Message {
  const { host, port, hostname, health, weight } = endpoint;
  return message({
    endpoint: message({
      address: { socketAddress: { address: host, portValue: port } },
      // A name to look up is the endpoint's hostname anyway.
      hostname: hostname === host ? null : hostname || null,
    }),
    healthStatus: isRetired(endpoint) ? 'DRAINING' : health === 'unknown' ? null : health.toUpperCase(),
    loadBalancingWeight: weight || null,
    metadata: unlessEmpty(emitMetadata(endpoint, keys)),
  });
}

/** Envoy's weights begin at 1. What takes no new work but keeps its sessions is draining there. */
export function isRetired({ weight, health }: Endpoint): boolean {
  return weight === 0 && (health === 'healthy' || health === 'unknown');
}

/** The labels that subsets select by, and the key that stands for the address in rings (envoy-affinity §2.2). */
function emitMetadata({ labels, hashKey }: Endpoint, keys: ReadonlySet<string>): Message {
  const selected = Object.entries(labels).filter(([key]) => keys.has(key));
  const fields = message({ ...Object.fromEntries(selected), hash_key: hashKey || null });
  return Object.keys(fields).length === 0 ? {} : { filterMetadata: { 'envoy.lb': fields } };
}

/** True if an address is a name to look up. */
export function hasNames({ groups }: Cluster): boolean {
  return groups.some(({ endpoints }) => endpoints.some(({ host }) => parseIpAddress(host) === null));
}
