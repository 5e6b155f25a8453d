import { type JsonObject, objectOf, objectsOf } from './json.ts';
import type { Projection } from './project.ts';

/** The routes of both sides that stand at the same place of the same virtual host. */
export function pairRoutes(
  actual: Projection,
  recorded: Projection,
): (readonly [actual: JsonObject, recorded: JsonObject])[] {
  return Object.keys(recorded.routes).flatMap((name) => {
    const ours = objectsOf(objectOf(actual.routes[name])['virtualHosts']);
    return objectsOf(objectOf(recorded.routes[name])['virtualHosts']).flatMap((host) => {
      const own = objectsOf(ours.find((candidate) => candidate['name'] === host['name'])?.['routes']);
      return objectsOf(host['routes']).flatMap((route, index) => {
        const match = own[index];
        return match === undefined ? [] : [[match, route] as const];
      });
    });
  });
}

/** Names of the clusters that a route forwards to. */
export function targetsOf(route: JsonObject): string[] {
  const { cluster, weightedClusters } = objectOf(route['route']);
  if (cluster !== undefined) return [String(cluster)];
  return objectsOf(objectOf(weightedClusters)['clusters']).map(({ name }) => String(name));
}
