import { type Json, type JsonObject, objectOf, objectsOf, without } from './json.ts';

const SESSION_FILTER = 'envoy.filters.http.stateful_session';

/** A Listener as the recordings have it: filters by name, and the settings of the one network filter. */
export function projectListener(listener: JsonObject): JsonObject {
  const { address, portValue } = objectOf(objectOf(listener['address'])['socketAddress']);
  return {
    ...without(listener, 'address', 'listenerFilters', 'filterChains', 'trafficDirection'),
    address: `${address}:${portValue}`,
    listenerFilters: namesOf(listener['listenerFilters']),
    filterChains: objectsOf(listener['filterChains']).map(projectChain),
  };
}

function projectChain(chain: JsonObject): JsonObject {
  const filters = objectsOf(chain['filters']);
  const config = objectOf(filters[0]?.['typedConfig']);
  const isTcp = filters[0]?.['name'] === 'envoy.filters.network.tcp_proxy';
  return {
    ...without(chain, 'name', 'filterChainMatch', 'filters'),
    ...(chain['filterChainMatch'] === undefined ? {} : { match: chain['filterChainMatch'] }),
    networkFilters: namesOf(chain['filters']),
    ...(isTcp ? { tcpProxy: without(config, '@type', 'statPrefix') } : projectManager(config)),
  };
}

function projectManager(config: JsonObject): JsonObject {
  const session = objectsOf(config['httpFilters']).find(({ name }) => name === SESSION_FILTER);
  return {
    httpFilters: namesOf(config['httpFilters']),
    routeConfigName: objectOf(config['rds'])['routeConfigName'] ?? '',
    ...(session === undefined ? {} : { listenerStatefulSession: session['typedConfig'] ?? {} }),
    hcm: without(config, '@type', 'statPrefix', 'httpFilters', 'rds'),
  };
}

function namesOf(extensions: Json | undefined): Json[] {
  return objectsOf(extensions).map(({ name }) => name ?? '');
}
