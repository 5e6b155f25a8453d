import { canonical, type JsonObject, listOf, objectOf, objectsOf } from './json.ts';
import type { Projection } from './project.ts';
import { pairRoutes } from './route-pairs.ts';

/** What exceptions may know of the configuration: `namespace/name` of VirtualServices with those they delegate to. */
export type Delegates = ReadonlyMap<string, ReadonlySet<string>>;

/** What of a recording is not compared, and why. `apply` takes it out; each is a rule, none knows a case. */
interface Exception {
  readonly name: string;
  readonly reason: string;
  readonly apply: (recorded: Projection, actual: Projection, delegates: Delegates) => void;
}

const ISTIO_FILTERS: ReadonlySet<unknown> = new Set([
  'istio.metadata_exchange',
  'envoy.filters.http.grpc_stats',
  'istio.alpn',
]);
const SESSION_FILTER = 'envoy.filters.http.stateful_session';
const IDLE_SESSION_FILTER = canonical({
  '@type': 'type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3.StatefulSession',
});
const AUTOMATIC_TLS = canonical(['tlsMode-istio', 'tlsMode-disabled']);

export const EXCEPTIONS: readonly Exception[] = [
  {
    name: 'istio-filters',
    reason: 'they tell Istio sidecars and telemetry about each other; no request is answered otherwise without them',
    apply: (recorded) => {
      for (const chain of chainsOf(recorded)) {
        if (chain['httpFilters'] === undefined) continue;
        chain['httpFilters'] = listOf(chain['httpFilters']).filter((name) => !ISTIO_FILTERS.has(name));
      }
    },
  },
  {
    name: 'automatic-mutual-tls',
    reason: 'it is for endpoints with an Istio sidecar; to all others Istio sends plain text, as Limpet does',
    apply: (recorded) => {
      for (const cluster of objectsOf(Object.values(recorded.clusters))) {
        if (canonical(cluster['transportSocketMatches'] ?? null) === AUTOMATIC_TLS)
          delete cluster['transportSocketMatches'];
      }
    },
  },
  {
    name: 'names-for-telemetry',
    reason: 'a span name and a prefix of counters have no part in how a request is answered',
    apply: (recorded) => {
      for (const route of routesOf(recorded)) {
        delete route['decorator'];
        delete route['statPrefix'];
      }
    },
  },
  {
    name: 'delegated-routes',
    reason: 'Istio names the VirtualService that delegates, Limpet the one in which the rule stands',
    apply: (recorded, actual, delegates) => {
      for (const [ours, theirs] of pairRoutes(actual, recorded)) {
        if (delegates.get(String(theirs['source']))?.has(String(ours['source'])))
          ours['source'] = theirs['source'] ?? '';
      }
    },
  },
  {
    name: 'hosts-with-a-namespace',
    reason: 'no request can ask for a host with a slash, so the virtual host that Istio makes of `ns/host` is dead',
    apply: (recorded) => {
      for (const configuration of objectsOf(Object.values(recorded.routes))) {
        configuration['virtualHosts'] = objectsOf(configuration['virtualHosts']).flatMap(withoutDeadDomains);
      }
    },
  },
  {
    name: 'idle-session-filter',
    reason: 'the session filter does nothing on a listener none of whose routes has configuration for it',
    apply: (recorded, actual) => {
      for (const side of [recorded, actual]) {
        for (const chain of chainsOf(side)) {
          const name = String(chain['routeConfigName']);
          const isIdle = canonical(chain['listenerStatefulSession'] ?? null) === IDLE_SESSION_FILTER;
          if (!isIdle || usesSessions(recorded, name) || usesSessions(actual, name)) continue;
          delete chain['listenerStatefulSession'];
          if (chain['httpFilters'] === undefined) continue;
          chain['httpFilters'] = listOf(chain['httpFilters']).filter((filter) => filter !== SESSION_FILTER);
        }
      }
    },
  },
];

/** What is left of a virtual host that shares its routes with a dead one is named after its own first domain. */
function withoutDeadDomains(host: JsonObject): JsonObject[] {
  const domains = listOf(host['domains']).filter((domain) => !String(domain).includes('/'));
  if (domains.length === listOf(host['domains']).length) return [host];
  const name = String(host['name']);
  const port = name.slice(name.lastIndexOf(':'));
  return domains.length === 0 ? [] : [{ ...host, domains, name: name.includes('/') ? `${domains[0]}${port}` : name }];
}

function chainsOf({ listeners }: Projection): JsonObject[] {
  return objectsOf(listeners).flatMap((listener) => objectsOf(listener['filterChains']));
}

export function routesOf({ routes }: Projection): JsonObject[] {
  return objectsOf(Object.values(routes)).flatMap(routesOfConfiguration);
}

function routesOfConfiguration(configuration: JsonObject): JsonObject[] {
  return objectsOf(configuration['virtualHosts']).flatMap((host) => objectsOf(host['routes']));
}

function usesSessions({ routes }: Projection, name: string): boolean {
  return routesOfConfiguration(objectOf(routes[name])).some(
    (route) => objectOf(route['typedPerFilterConfig'])[SESSION_FILTER] !== undefined,
  );
}
