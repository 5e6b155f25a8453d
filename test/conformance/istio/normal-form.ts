import { canonical, isObject, type Json, type JsonObject, listOf, objectOf, objectsOf, without } from './json.ts';
import type { Projection } from './project.ts';

/*
 * One form for configurations that mean the same to Envoy. Both sides of a comparison go through it, so nothing here
 * knows which of them is the recording.
 */

/** Fields (by the end of their path) whose value is Envoy's default: to say it or not is the same. */
const DEFAULTS: readonly (readonly [path: string, value: Json])[] = [
  ['outlierDetection.interval', '10s'],
  ['outlierDetection.baseEjectionTime', '30s'],
  ['outlierDetection.maxEjectionPercent', 10],
  ['outlierDetection.consecutive5xx', 5],
  ['outlierDetection.enforcingConsecutive5xx', 100],
  ['outlierDetection.consecutiveGatewayFailure', 5],
  ['outlierDetection.enforcingConsecutiveGatewayFailure', 0],
  ['outlierDetection.consecutiveLocalOriginFailure', 5],
  ['outlierDetection.enforcingConsecutiveLocalOriginFailure', 100],
  ['outlierDetection.enforcingFailurePercentage', 0],
  ['ringHashLbConfig.minimumRingSize', '1024'],
  ['maglevLbConfig.tableSize', '65537'],
  ['commonLbConfig.healthyPanicThreshold', { value: 50 }],
  ['slowStartConfig.aggression', { defaultValue: 1 }],
  ['slowStartConfig.minWeightPercent', { value: 10 }],
  ['commonHttpProtocolOptions.idleTimeout', '3600s'],
  ['match.caseSensitive', true],
  ['retryPolicy.retryBackOff.baseInterval', '0.025s'],
  ['redirect.responseCode', 'MOVED_PERMANENTLY'],
  ['redirect.pathRedirect', ''],
  ['envoy.filters.http.cors.forwardNotMatchingPreflights', true],
  ['envoy.filters.http.fault.abort.percentage', 0],
  ['typedConfig.requireClientCertificate', false],
];

/** Messages that say nothing when they are empty; of others, being there is the message. */
const MEANINGLESS_WHEN_EMPTY: ReadonlySet<string> = new Set([
  'commonLbConfig',
  'ringHashLbConfig',
  'maglevLbConfig',
  'leastRequestLbConfig',
  'roundRobinLbConfig',
  'commonHttpProtocolOptions',
  'retryBackOff',
  'tlsParams',
  'typedPerFilterConfig',
  'typedExtensionProtocolOptions',
  'hcm.httpProtocolOptions',
]);

/** Lists whose order has no meaning, with what orders them here. */
const UNORDERED: ReadonlyMap<string, (item: Json) => string> = new Map([
  ['listeners', fieldOf('name')],
  ['filterChains', (chain: Json) => canonical(objectOf(chain)['match'] ?? '')],
  ['serverNames', canonical],
  ['virtualHosts', fieldOf('name')],
  ['domains', canonical],
  ['match.headers', canonical],
  ['match.queryParameters', canonical],
  ['endpoints', (endpoint: Json) => `${fieldOf('address')(endpoint)}:${fieldOf('port')(endpoint)}`],
  ['statuses', canonical],
  ['retriableStatusCodes', canonical],
  ['requestHeadersToAdd', (option: Json) => fieldOf('key')(objectOf(option)['header'] ?? '')],
  ['responseHeadersToAdd', (option: Json) => fieldOf('key')(objectOf(option)['header'] ?? '')],
  ['requestHeadersToRemove', canonical],
  ['responseHeadersToRemove', canonical],
  ['matchSubjectAltNames', canonical],
]);

/** Names of header fields, which have no case. */
const HEADER_NAMES = [
  'hashPolicy.header.headerName',
  'match.headers.name',
  'header.key',
  'requestHeadersToRemove',
  'responseHeadersToRemove',
  'sessionState.typedConfig.name',
];

export function toNormalForm(projection: Projection): Projection {
  const { clusters, endpoints, listeners, routes } = normalize(
    projection as unknown as Json,
    '',
  ) as unknown as Projection;
  return {
    clusters: mapValues(clusters, (cluster) => normalizeHttpOptions(objectOf(cluster))),
    endpoints: mapValues(endpoints, sortGroups),
    listeners: listOf(listeners),
    routes: mapValues(routes, (configuration) =>
      mapRoutes(pushDownFilterConfig(objectOf(configuration)), unwrapOnlyCluster),
    ),
  };
}

function normalize(value: Json, path: string): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => normalize(item, path));
    const order = [...UNORDERED].find(([end]) => endsWith(path, end))?.[1];
    return order === undefined
      ? items
      : items.toSorted((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
  }
  if (typeof value === 'string') return normalizeText(value, path);
  if (!isObject(value)) return value;
  if (isFraction(path)) return toPercent(value);
  if (endsWith(path, 'directResponse.body')) return toBytes(value);
  // Envoy asks for a key with every number that a runtime may change; nobody sets these.
  const said = endsWith(path, 'slowStartConfig.aggression') ? without(value, 'runtimeKey') : value;
  const fields = Object.entries(said).map(([name, member]) => [name, normalize(member, `${path}.${name}`)] as const);
  const kept = fields.filter(([name, member]) => !isMeaningless(`${path}.${name}`, member));
  return Object.fromEntries(kept);
}

function normalizeText(text: string, path: string): Json {
  // istiod begins a list of status codes alone with a comma, which Envoy passes over.
  if (endsWith(path, 'retryPolicy.retryOn')) return text.split(',').filter(Boolean).sort().join(',');
  return HEADER_NAMES.some((end) => endsWith(path, end)) ? text.toLowerCase() : text;
}

function isMeaningless(path: string, value: Json): boolean {
  if (DEFAULTS.some(([end, byDefault]) => endsWith(path, end) && canonical(value) === canonical(byDefault)))
    return true;
  const isEmpty = isObject(value) && Object.keys(value).length === 0;
  return isEmpty && [...MEANINGLESS_WHEN_EMPTY].some((end) => endsWith(path, end));
}

function isFraction(path: string): boolean {
  return ['percentage', 'runtimeFraction.defaultValue', 'filterEnabled.defaultValue'].some((end) =>
    endsWith(path, end),
  );
}

const DENOMINATORS: Readonly<Record<string, number>> = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 };

function toPercent({ numerator = 0, denominator = 'HUNDRED' }: JsonObject): Json {
  return (Number(numerator) * 100) / (DENOMINATORS[String(denominator)] ?? Number.NaN);
}

/** A body is bytes, however it is written. */
function toBytes({ inlineString, inlineBytes, ...rest }: JsonObject): JsonObject {
  const bytes = inlineString === undefined ? inlineBytes : Buffer.from(String(inlineString)).toString('base64');
  return { ...rest, bytes: bytes ?? '' };
}

/** `path` is dotted and has no list indexes. */
function endsWith(path: string, end: string): boolean {
  return path === end || path.endsWith(`.${end}`);
}

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** HTTP/1.1 is spoken anyway, so options that ask for nothing else are none. */
function normalizeHttpOptions(cluster: JsonObject): JsonObject {
  const extensions = objectOf(cluster['typedExtensionProtocolOptions']);
  const options = without(objectOf(extensions[HTTP_OPTIONS]), '@type');
  if (canonical(options) !== '{"explicitHttpConfig":{"httpProtocolOptions":{}}}') return cluster;
  const rest = without(extensions, HTTP_OPTIONS);
  const others = without(cluster, 'typedExtensionProtocolOptions');
  return Object.keys(rest).length === 0 ? others : { ...others, typedExtensionProtocolOptions: rest };
}

/** A locality without endpoints takes no requests, whatever its weight. */
function sortGroups(groups: Json): Json {
  const key = (group: JsonObject): string => `${group['priority']} ${group['locality'] ?? ''}`;
  const filled = objectsOf(groups).filter(({ endpoints }) => listOf(endpoints).length > 0);
  return filled.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** A filter's configuration of a virtual host is that of its forwarding routes which have none of their own. */
function pushDownFilterConfig(configuration: JsonObject): JsonObject {
  const virtualHosts = objectsOf(configuration['virtualHosts']).map((host) => {
    const common = objectOf(host['typedPerFilterConfig']);
    if (Object.keys(common).length === 0) return host;
    const routes = objectsOf(host['routes']).map((route) =>
      route['route'] === undefined
        ? route
        : { ...route, typedPerFilterConfig: { ...common, ...objectOf(route['typedPerFilterConfig']) } },
    );
    return { ...without(host, 'typedPerFilterConfig'), routes };
  });
  return { ...configuration, virtualHosts };
}

/** A weight of 0 is never drawn. One weighted cluster is the cluster; what is said beside it takes part as the route's own would, only earlier. */
function unwrapOnlyCluster(route: JsonObject): JsonObject {
  const action = objectOf(route['route']);
  const weighted = objectOf(action['weightedClusters']);
  const clusters = objectsOf(weighted['clusters']).filter(({ weight }) => weight !== 0);
  const [only] = clusters;
  if (only === undefined) return route;
  if (clusters.length > 1) return { ...route, route: { ...action, weightedClusters: { ...weighted, clusters } } };
  const { name = '', ...entry } = without(only, 'weight');
  const target = Object.keys(entry).length === 0 ? {} : { target: entry };
  return { ...route, route: { ...without(action, 'weightedClusters'), cluster: name, ...target } };
}

function mapRoutes(configuration: JsonObject, map: (route: JsonObject) => JsonObject): JsonObject {
  const virtualHosts = objectsOf(configuration['virtualHosts']).map((host) =>
    host['routes'] === undefined ? host : { ...host, routes: objectsOf(host['routes']).map(map) },
  );
  return { ...configuration, virtualHosts };
}

function fieldOf(name: string): (item: Json) => string {
  return (item) => String(objectOf(item)[name] ?? '');
}

function mapValues(object: JsonObject, map: (value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
