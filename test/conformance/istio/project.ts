import type { XdsResources } from '../../../src/xds/xds.ts';
import { type Json, type JsonObject, objectOf, objectsOf, without } from './json.ts';
import { projectAssignment, projectCluster } from './project-cluster.ts';
import { projectListener } from './project-listener.ts';

/** What a control plane hands to one gateway, in the form of the recordings. */
export interface Projection {
  clusters: JsonObject;
  endpoints: JsonObject;
  listeners: Json[];
  routes: JsonObject;
}

/** What is emitted, as it is printed; where Envoy gets Secrets from was not recorded. */
export function project(resources: XdsResources): Projection {
  const printed = JSON.stringify(resources, (name, value: unknown) => (name === 'sdsConfig' ? undefined : value));
  const { listeners, routes, clusters, endpoints } = JSON.parse(printed) as Record<keyof XdsResources, JsonObject[]>;
  return {
    clusters: byName(clusters, 'name', projectCluster),
    endpoints: byName(endpoints, 'clusterName', projectAssignment),
    listeners: listeners.map(projectListener),
    routes: byName(routes, 'name', projectRoutes),
  };
}

function byName(resources: JsonObject[], key: string, toProjection: (resource: JsonObject) => Json): JsonObject {
  return Object.fromEntries(resources.map((resource) => [String(resource[key]), toProjection(resource)]));
}

function projectRoutes(configuration: JsonObject): JsonObject {
  return {
    ...without(configuration, 'name'),
    virtualHosts: objectsOf(configuration['virtualHosts']).map((host) => ({
      ...host,
      ...(host['routes'] === undefined ? {} : { routes: objectsOf(host['routes']).map(projectRoute) }),
    })),
  };
}

/** The recordings name the VirtualService a route came from; so does Limpet, in the route's metadata. */
function projectRoute(route: JsonObject): JsonObject {
  const { namespace, name } = objectOf(objectOf(objectOf(route['metadata'])['filterMetadata'])['limpet']);
  return { ...without(route, 'metadata'), source: `${namespace}/${name}` };
}
