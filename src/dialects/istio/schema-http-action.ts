import {
  formattedValue,
  headerNameProblem,
  hostProblem,
  pathProblem,
  regexText,
  substitutionProblem,
} from '../../resources/http-fields.ts';
import {
  convert,
  limit,
  linted,
  mapOf,
  maybe,
  object,
  oneOf,
  portNumber,
  type Schema,
  text,
  texts,
  withDefault,
} from '../../resources/schema.ts';
import { INT32, portOrNone, servable, UINT32 } from './schema-common.ts';

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

/** Istio lets names pass that no header can have; they are left out. Setting the authority rewrites the host. */
const headerValues = linted(
  convert(
    mapOf(formattedValue),
    (values) => Object.fromEntries(Object.entries(values).filter(([name]) => isHeader(name))),
    '',
  ),
  (values) => oddHeader(Object.keys(Object(values))),
);

const headerNames = linted(
  convert(texts, (names) => names.filter(isHeader), ''),
  (names) => oddHeader(Array.isArray(names) ? names.map(String) : []),
);

function isHeader(name: string): boolean {
  return name === ':authority' || headerNameProblem(name) === null;
}

function oddHeader(names: readonly string[]): string | null {
  const odd = names.find((name) => name !== '' && !name.startsWith(':') && !isHeader(name));
  return odd === undefined ? null : `has ${JSON.stringify(odd)}, which no header can be named; it is left out`;
}

const operations = object<HeaderOperations>({ set: headerValues, add: headerValues, remove: headerNames });

const NO_OPERATIONS: HeaderOperations = { set: {}, add: {}, remove: [] };

export const NO_HEADERS: HeadersSpec = { request: NO_OPERATIONS, response: NO_OPERATIONS };
export const headers: Schema<HeadersSpec> = object<HeadersSpec>({
  request: withDefault(operations, NO_OPERATIONS),
  response: withDefault(operations, NO_OPERATIONS),
});

export const destination: Schema<Destination> = object<Destination>({
  host: text,
  port: maybe(object<{ number: number }>({ number: portNumber })),
  subset: withDefault(text, ''),
});

export const routeDestination: Schema<RouteDestination> = object<RouteDestination>({
  destination,
  weight: withDefault(INT32, 0),
  headers: withDefault(headers, NO_HEADERS),
});

/** Istio takes all of 3xx and sends nothing but these. */
const REDIRECT_CODES = [0, 301, 302, 303, 307, 308];

export const redirect: Schema<HttpRedirect> = object<HttpRedirect>({
  uri: withDefault(servable(pathProblem), ''),
  authority: withDefault(servable(hostProblem), ''),
  port: portOrNone,
  derivePort: maybe(oneOf('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT')),
  scheme: withDefault<'' | 'http' | 'https'>(oneOf('', 'http', 'https'), ''),
  redirectCode: limit(withDefault(UINT32, 301), (code) =>
    REDIRECT_CODES.includes(code) ? null : 'must be 301, 302, 303, 307 or 308 to be served',
  ),
});

export const directResponse: Schema<DirectResponse> = object<DirectResponse>({
  status: limit(UINT32, (status) => (status === 600 ? 'is no HTTP status, though Istio lets it pass' : null)),
  body: maybe(object<NonNullable<DirectResponse['body']>>({ string: maybe(text), bytes: maybe(text) })),
});

export const rewrite: Schema<HttpRewrite> = object<HttpRewrite>({
  uri: withDefault(servable(pathProblem), ''),
  authority: withDefault(servable(hostProblem), ''),
  uriRegexRewrite: maybe(
    limit(
      object<RegexRewriteSpec>({ match: regexText, rewrite: withDefault(text, '') }),
      ({ match, rewrite: substitution }) => substitutionProblem(match, substitution),
    ),
  ),
});
