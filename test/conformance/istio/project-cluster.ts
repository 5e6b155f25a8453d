import { type Json, type JsonObject, listOf, objectOf, objectsOf, without } from './json.ts';

/** A Cluster as the recordings have it: Envoy's message with what Istio's recorder left out or shortened. */
export function projectCluster(cluster: JsonObject): JsonObject {
  const { edsClusterConfig, loadAssignment } = cluster;
  return {
    ...without(cluster, 'name', 'edsClusterConfig', 'loadAssignment'),
    ...(edsClusterConfig === undefined ? {} : { edsServiceName: objectOf(edsClusterConfig)['serviceName'] ?? '' }),
    ...(loadAssignment === undefined ? {} : { loadAssignment: projectAssignment(objectOf(loadAssignment)) }),
  };
}

/** The groups of a ClusterLoadAssignment; fields beside them are kept, so that they differ from the recording. */
export function projectAssignment(assignment: JsonObject): Json[] {
  const rest = without(assignment, 'clusterName', 'endpoints');
  const groups: Json[] = objectsOf(assignment['endpoints']).map(projectGroup);
  return Object.keys(rest).length === 0 ? groups : [...groups, rest];
}

function projectGroup(group: JsonObject): JsonObject {
  const { region, zone, subZone } = objectOf(group['locality']);
  const locality = [region, zone, subZone].filter((part) => part !== undefined).join('/');
  return {
    ...without(group, 'locality', 'lbEndpoints', 'loadBalancingWeight', 'priority'),
    ...(locality === '' ? {} : { locality }),
    priority: group['priority'] ?? 0,
    weight: group['loadBalancingWeight'] ?? 0,
    endpoints: listOf(group['lbEndpoints']).map((endpoint) => projectEndpoint(objectOf(endpoint))),
  };
}

function projectEndpoint(member: JsonObject): JsonObject {
  const endpoint = objectOf(member['endpoint']);
  const { address, portValue } = objectOf(objectOf(endpoint['address'])['socketAddress']);
  return {
    ...without(member, 'endpoint', 'healthStatus', 'loadBalancingWeight'),
    ...without(endpoint, 'address'),
    address: address ?? '',
    port: portValue ?? 0,
    health: member['healthStatus'] ?? 'UNKNOWN',
    weight: member['loadBalancingWeight'] ?? 0,
  };
}
