import { canonical, type Json, type JsonObject, listOf, objectOf, objectsOf, without } from './json.ts';
import type { Projection } from './project.ts';
import { pairRoutes, targetsOf } from './route-pairs.ts';

/**
 * Where Limpet does better than Istio on purpose (docs/decisions/030), by rule. `apply` finds the places where the two
 * differ in just what the rule betters, gives `actual` the recorded form there, and returns how many there were.
 */
interface Betterment {
  readonly name: string;
  readonly reason: string;
  readonly apply: (actual: Projection, recorded: Projection) => number;
}

const SESSION_FILTER = 'envoy.filters.http.stateful_session';

const PREVIOUS_HOSTS = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate' },
};

export const BETTERMENTS: readonly Betterment[] = [
  {
    name: 'hash-of-the-meant-port',
    reason: 'Istio hashes in the cluster and leaves the key out of a route that names no port',
    apply: (actual, recorded) => count(pairRoutes(actual, recorded), (pair) => restoreHash(...pair, recorded)),
  },
  {
    name: 'session-of-a-split',
    reason: 'Istio loses the session of a weighted route whose last destination has none',
    apply: (actual, recorded) => count(pairRoutes(actual, recorded), (pair) => restoreSession(...pair, recorded)),
  },
  {
    name: 'draining-endpoints',
    reason: 'Istio keeps draining endpoints for sessions by cookie only, not for those by header',
    apply: (actual, recorded) =>
      count(Object.keys(actual.endpoints), (name) => {
        const groups = removeDraining(objectsOf(actual.endpoints[name]), objectsOf(recorded.endpoints[name]));
        if (groups === null || !hasSessions(name, recorded)) return false;
        actual.endpoints[name] = groups;
        return true;
      }),
  },
  {
    name: 'draining-endpoints-of-subsets',
    reason: 'Istio lets sessions use draining endpoints of the whole service, not of its subsets',
    apply: (actual, recorded) =>
      count(Object.keys(actual.clusters), (name) => {
        const theirs = objectOf(objectOf(recorded.clusters[name])['commonLbConfig']);
        const cluster = objectOf(actual.clusters[name]);
        const ours = objectOf(cluster['commonLbConfig']);
        if (theirs['overrideHostStatus'] !== undefined || baseOf(name) === name) return false;
        if (canonical(ours['overrideHostStatus'] ?? null) !== canonical(sessionStatuses(name, recorded) ?? 0))
          return false;
        const rest = without(ours, 'overrideHostStatus');
        actual.clusters[name] = {
          ...without(cluster, 'commonLbConfig'),
          ...(Object.keys(rest).length === 0 ? {} : { commonLbConfig: rest }),
        };
        return true;
      }),
  },
];

function count<T>(items: readonly T[], betters: (item: T) => boolean): number {
  return items.filter(betters).length;
}

/** Only policies that clusters of the route ask for may come on top of the recorded ones. */
function restoreHash(actual: JsonObject, recorded: JsonObject, { clusters }: Projection): boolean {
  const ours = listOf(objectOf(actual['route'])['hashPolicy']);
  const theirs = listOf(objectOf(recorded['route'])['hashPolicy']);
  const targets = targetsOf(recorded);
  const hashing = targets.filter((name) =>
    ['RING_HASH', 'MAGLEV'].includes(String(objectOf(clusters[name])['lbPolicy'])),
  );
  if (ours.length <= theirs.length || ours.length > hashing.length || !isSubsequence(theirs, ours)) return false;
  const route = objectOf(actual['route']);
  if (theirs.length > 0) route['hashPolicy'] = theirs;
  else delete route['hashPolicy'];
  // A single destination with a hash is retried on the same host; without the hash Istio goes elsewhere.
  const predicate = objectOf(objectOf(recorded['route'])['retryPolicy'])['retryHostPredicate'];
  const retryPolicy = objectOf(route['retryPolicy']);
  if (targets.length === 1 && predicate !== undefined) retryPolicy['retryHostPredicate'] ??= [PREVIOUS_HOSTS];
  return true;
}

function isSubsequence(part: readonly Json[], whole: readonly Json[]): boolean {
  let at = 0;
  for (const item of whole) if (at < part.length && canonical(item) === canonical(part[at] ?? null)) at++;
  return at === part.length;
}

function restoreSession(actual: JsonObject, recorded: JsonObject, side: Projection): boolean {
  const ours = objectOf(actual['typedPerFilterConfig']);
  const theirs = objectOf(recorded['typedPerFilterConfig']);
  const targets = targetsOf(recorded);
  if (ours[SESSION_FILTER] === undefined || theirs[SESSION_FILTER] !== undefined || targets.length < 2) return false;
  if (!targets.some((name) => hasSessions(name, side))) return false;
  const rest = without(ours, SESSION_FILTER);
  if (Object.keys(rest).length === 0) delete actual['typedPerFilterConfig'];
  else actual['typedPerFilterConfig'] = rest;
  return true;
}

/** Our groups without the draining endpoints that the recording does not have; null: there are none. */
function removeDraining(ours: readonly JsonObject[], theirs: readonly JsonObject[]): JsonObject[] | null {
  const known = new Set(theirs.flatMap(({ endpoints }) => listOf(endpoints).map(canonical)));
  const isExtra = (endpoint: JsonObject): boolean =>
    endpoint['health'] === 'DRAINING' && !known.has(canonical(endpoint));
  if (!ours.some(({ endpoints }) => objectsOf(endpoints).some(isExtra))) return null;
  return ours
    .map((group) => {
      const endpoints = objectsOf(group['endpoints']);
      const extra = endpoints.filter(isExtra).reduce((sum, { weight }) => sum + Number(weight), 0);
      return { ...group, endpoints: endpoints.filter((one) => !isExtra(one)), weight: Number(group['weight']) - extra };
    })
    .filter(({ endpoints }) => endpoints.length > 0);
}

/** True where the Service has a session label: then Istio lets draining endpoints of the whole service keep sessions. */
function hasSessions(cluster: string, recorded: Projection): boolean {
  return listOf(objectOf(sessionStatuses(cluster, recorded))['statuses']).includes('DRAINING');
}

function sessionStatuses(cluster: string, { clusters }: Projection): Json | undefined {
  return objectOf(objectOf(clusters[baseOf(cluster)])['commonLbConfig'])['overrideHostStatus'];
}

/** `outbound|80|v1|host` -> `outbound|80||host`. */
function baseOf(cluster: string): string {
  return cluster.replace(/^(outbound\|\d+\|)[^|]*/, '$1');
}
