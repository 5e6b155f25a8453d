import { goDuration } from '../../resources/duration.ts';
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

export interface VirtualServiceSpec {
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
  readonly http: readonly (HttpRule | null)[];
  readonly exportTo: readonly string[];
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

const rewrite = object<HttpRewrite>({
  uri: withDefault(pathText, ''),
  authority: withDefault(hostText, ''),
  uriRegexRewrite: maybe(
    problem(
      object<RegexRewriteSpec>({ match: regexText, rewrite: withDefault(text, '') }),
      ({ match, rewrite: substitution }) => substitutionProblem(match, substitution),
    ),
  ),
});

const retries = object<HttpRetry>(
  {
    attempts: maybe(integer(0, 2147483647)),
    perTryTimeout: maybe(goDuration(1)),
    retryOn: withDefault(text, ''),
    retryIgnorePreviousHosts: maybe(bool),
    backoff: maybe(goDuration(1)),
  },
  { retryRemoteLocalities: unsupported('retries stay within the priority that the balancer draws') },
);

const httpRule = check(
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
    },
    {
      delegate: unsupported('the rule has nothing to do without it'),
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
  (rule) => [rule.route.length > 0, rule.redirect !== null, rule.directResponse !== null].filter(Boolean).length <= 1,
  'takes only one of route, redirect and directResponse',
);

export const virtualServiceSpec: Schema<VirtualServiceSpec> = object<VirtualServiceSpec>(
  { hosts: list(nonEmptyText), gateways: texts, http: units(httpRule), exportTo: texts },
  {
    tls: unsupported('only HTTP routes are served'),
    tcp: unsupported('only HTTP routes are served'),
  },
);
