import { goDuration } from '../../resources/duration.ts';
import { dnsNameProblem, wildcardNameOrIp } from '../../resources/host-names.ts';
import {
  headerNameProblem,
  headerNames,
  headerValue,
  hostText,
  pathText,
  regexText,
  substitutionProblem,
} from '../../resources/http-fields.ts';
import {
  anything,
  bool,
  check,
  deprecated,
  ignored,
  integer,
  list,
  mapOf,
  mapWithKeys,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  portNumber,
  problem,
  type Schema,
  text,
  textMap,
  texts,
  units,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { isKnownStatus, isRetryCondition, UNSUPPORTED_RETRY_WORDS } from './retry-conditions.ts';
import { duplicate, exportTo } from './schema-common.ts';

export interface VirtualServiceSpec {
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
  readonly http: readonly (HttpRule | null)[];
  readonly exportTo: readonly string[];
  readonly tls: readonly unknown[];
  readonly tcp: readonly unknown[];
}

export interface HttpRule {
  readonly name: string;
  readonly match: readonly HttpMatch[];
  readonly route: readonly RouteDestination[];
  readonly redirect: HttpRedirect | null;
  readonly directResponse: DirectResponse | null;
  readonly rewrite: HttpRewrite | null;
  readonly timeout: number | null;
  readonly retries: HttpRetry | null;
  readonly headers: HeadersSpec;
  /** Not followed yet. */
  readonly delegate: unknown;
}

/** None of the three: the value only has to be present. */
export interface StringMatchSpec {
  readonly exact: string | null;
  readonly prefix: string | null;
  readonly regex: string | null;
}

export interface HttpMatch {
  readonly name: string;
  readonly uri: StringMatchSpec | null;
  readonly ignoreUriCase: boolean;
  readonly scheme: StringMatchSpec | null;
  readonly method: StringMatchSpec | null;
  readonly authority: StringMatchSpec | null;
  readonly headers: Readonly<Record<string, StringMatchSpec>>;
  readonly withoutHeaders: Readonly<Record<string, StringMatchSpec>>;
  readonly queryParams: Readonly<Record<string, StringMatchSpec>>;
  readonly port: number | null;
  readonly gateways: readonly string[];
  readonly sourceLabels: Readonly<Record<string, string>>;
  readonly sourceNamespace: string;
}

export interface Destination {
  readonly host: string;
  readonly port: { readonly number: number } | null;
  readonly subset: string;
}

export interface RouteDestination {
  readonly destination: Destination;
  readonly weight: number;
  readonly headers: HeadersSpec;
}

export interface HeaderOperations {
  readonly set: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface HeadersSpec {
  readonly request: HeaderOperations;
  readonly response: HeaderOperations;
}

export interface HttpRedirect {
  readonly uri: string;
  readonly authority: string;
  readonly port: number | null;
  readonly derivePort: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT' | null;
  readonly scheme: string;
  readonly redirectCode: number;
}

export interface DirectResponse {
  readonly status: number;
  readonly body: { readonly string: string | null; readonly bytes: string | null } | null;
}

export interface HttpRewrite {
  readonly uri: string;
  readonly authority: string;
  readonly uriRegexRewrite: RegexRewriteSpec | null;
}

export interface RegexRewriteSpec {
  readonly match: string;
  readonly rewrite: string;
}

export interface HttpRetry {
  /** null: Istio's default count. */
  readonly attempts: number | null;
  readonly perTryTimeout: number | null;
  readonly retryOn: string;
  readonly retryIgnorePreviousHosts: boolean | null;
  readonly backoff: number | null;
}

const stringMatch = check(
  object<StringMatchSpec>({ exact: maybe(text), prefix: maybe(text), regex: maybe(regexText) }),
  (match) => [match.exact, match.prefix, match.regex].filter((kind) => kind !== null).length <= 1,
  'takes only one of exact, prefix and regex',
);

const headerMatches = mapWithKeys(
  (name) =>
    name.startsWith('@request.auth') ? 'asks for a token to be verified: not supported yet' : headerNameProblem(name),
  stringMatch,
);

const httpMatch = object<HttpMatch>(
  {
    name: withDefault(text, ''),
    uri: maybe(stringMatch),
    ignoreUriCase: withDefault(bool, false),
    scheme: maybe(stringMatch),
    method: maybe(stringMatch),
    authority: maybe(stringMatch),
    headers: headerMatches,
    withoutHeaders: headerMatches,
    queryParams: mapOf(stringMatch),
    port: maybe(portNumber),
    gateways: texts,
    sourceLabels: textMap,
    sourceNamespace: withDefault(text, ''),
  },
  { statPrefix: ignored('it only names statistics') },
);

/** Setting or adding the authority rewrites the host. */
const headerValues = mapWithKeys((name) => (name === ':authority' ? null : headerNameProblem(name)), headerValue);
const operations = object<HeaderOperations>({ set: headerValues, add: headerValues, remove: headerNames });
const NO_OPERATIONS: HeaderOperations = { set: {}, add: {}, remove: [] };
const headers = withDefault(
  object<HeadersSpec>({
    request: withDefault(operations, NO_OPERATIONS),
    response: withDefault(operations, NO_OPERATIONS),
  }),
  { request: NO_OPERATIONS, response: NO_OPERATIONS },
);

const destination = object<Destination>({
  host: nonEmptyText,
  port: maybe(object<{ number: number }>({ number: portNumber })),
  subset: withDefault(text, ''),
});

const routeDestination = object<RouteDestination>({
  destination,
  weight: withDefault(integer(0, 4294967295), 0),
  headers,
});

const redirect = object<HttpRedirect>({
  uri: withDefault(pathText, ''),
  authority: withDefault(hostText, ''),
  port: maybe(portNumber),
  derivePort: maybe(oneOf('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT')),
  scheme: withDefault<'' | 'http' | 'https'>(oneOf('', 'http', 'https'), ''),
  redirectCode: check(
    withDefault(integer(0, 999), 301),
    (code) => [0, 301, 302, 303, 307, 308].includes(code),
    'must be 301, 302, 303, 307 or 308',
  ),
});

const directResponse = object<DirectResponse>({
  status: integer(200, 599),
  body: maybe(object<NonNullable<DirectResponse['body']>>({ string: maybe(text), bytes: maybe(text) })),
});

const rewrite = check(
  object<HttpRewrite>({
    uri: withDefault(pathText, ''),
    authority: withDefault(hostText, ''),
    uriRegexRewrite: maybe(
      problem(
        object<RegexRewriteSpec>({ match: regexText, rewrite: withDefault(text, '') }),
        ({ match, rewrite: substitution }) => substitutionProblem(match, substitution),
      ),
    ),
  }),
  ({ uri, uriRegexRewrite }) => uri === '' || uriRegexRewrite === null,
  'takes only one of uri and uriRegexRewrite',
);

/** Words that Istio takes: those that are served, those that are not yet, and status codes. */
const retryOn = problem(withDefault(text, ''), (written) => {
  for (const word of written === '' ? [] : written.split(',')) {
    const isStatus = /^\d+$/.test(word) && isKnownStatus(Number(word));
    if (isStatus || isRetryCondition(word) || UNSUPPORTED_RETRY_WORDS.has(word)) continue;
    return `has ${JSON.stringify(word)}, which is no condition for retries (separate conditions by commas without blanks)`;
  }
  return null;
});

const retries = object<HttpRetry>(
  {
    attempts: maybe(integer(0, 2147483647)),
    perTryTimeout: maybe(goDuration(1)),
    retryOn,
    retryIgnorePreviousHosts: maybe(bool),
    backoff: maybe(goDuration(1)),
  },
  { retryRemoteLocalities: unsupported('retries stay within the priority that the balancer draws') },
);

const httpRule = problem(
  object<HttpRule>(
    {
      name: withDefault(text, ''),
      match: list(httpMatch),
      route: list(routeDestination),
      redirect: maybe(redirect),
      directResponse: maybe(directResponse),
      rewrite: maybe(rewrite),
      timeout: maybe(goDuration(1)),
      retries: maybe(retries),
      headers,
      delegate: maybe(unsupported('the rule is left out')),
    },
    {
      fault: unsupported('no faults are injected'),
      mirror: unsupported('requests are not mirrored'),
      mirrors: unsupported('requests are not mirrored'),
      mirrorPercent: unsupported('requests are not mirrored'),
      mirror_percent: unsupported('requests are not mirrored'),
      mirrorPercentage: unsupported('requests are not mirrored'),
      corsPolicy: unsupported('no CORS answers are made; the application has to'),
      websocketUpgrade: deprecated(anything, 'upgrades need no switch'),
    },
  ),
  ({ route, redirect: redirected, directResponse: answered, delegate }) => {
    const actions = [route.length > 0, redirected !== null, answered !== null, delegate !== null].filter(Boolean);
    if (actions.length === 0) return 'must have a route, a redirect or a directResponse';
    if (actions.length > 1) return 'takes only one of route, redirect, directResponse and delegate';
    const isWeightless = route.length > 1 && route.every(({ weight }) => weight === 0);
    return isWeightless ? 'must have a weight above 0 on one of its destinations' : null;
  },
);

const gatewayReference = problem(text, (name) => {
  const [namespace, ...rest] = name.includes('/') ? name.split('/') : ['a', name];
  if (rest.length !== 1 || namespace === '.') return 'must be a name, or namespace/name';
  return dnsNameProblem(namespace ?? '') ?? dnsNameProblem(rest[0] ?? '');
});

/** Only a delegate, which no gateway serves by itself, may go without hosts. */
export const virtualServiceSpec: Schema<VirtualServiceSpec> = problem(
  object<VirtualServiceSpec>({
    hosts: problem(list(wildcardNameOrIp), (hosts) =>
      duplicate(
        hosts.map((host) => host.toLowerCase()),
        'host',
      ),
    ),
    gateways: list(gatewayReference),
    http: units(httpRule),
    exportTo,
    tls: list(unsupported('only HTTP routes are served')),
    tcp: list(unsupported('only HTTP routes are served')),
  }),
  ({ hosts, gateways, http, tls, tcp }) => {
    if (hosts.length === 0 && gateways.length > 0) return 'must have hosts where it has gateways';
    return http.length + tls.length + tcp.length === 0 ? 'must have http, tls or tcp rules' : null;
  },
);
