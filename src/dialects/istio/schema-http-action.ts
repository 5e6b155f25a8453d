import {
  formattedValue,
  headerNameProblem,
  headerNames,
  hostText,
  pathText,
  regexText,
  substitutionProblem,
} from '../../resources/http-fields.ts';
import {
  check,
  integer,
  mapWithKeys,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  portNumber,
  problem,
  type Schema,
  text,
  withDefault,
} from '../../resources/schema.ts';

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

/** Setting or adding the authority rewrites the host. */
const headerValues = mapWithKeys((name) => (name === ':authority' ? null : headerNameProblem(name)), formattedValue);

const operations = object<HeaderOperations>({ set: headerValues, add: headerValues, remove: headerNames });

const NO_OPERATIONS: HeaderOperations = { set: {}, add: {}, remove: [] };

export const NO_HEADERS: HeadersSpec = { request: NO_OPERATIONS, response: NO_OPERATIONS };
export const headers: Schema<HeadersSpec> = object<HeadersSpec>({
  request: withDefault(operations, NO_OPERATIONS),
  response: withDefault(operations, NO_OPERATIONS),
});

export const destination: Schema<Destination> = object<Destination>({
  host: nonEmptyText,
  port: maybe(object<{ number: number }>({ number: portNumber })),
  subset: withDefault(text, ''),
});

export const routeDestination: Schema<RouteDestination> = object<RouteDestination>({
  destination,
  weight: withDefault(integer(0, 4294967295), 0),
  headers: withDefault(headers, NO_HEADERS),
});

export const redirect: Schema<HttpRedirect> = object<HttpRedirect>({
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

export const directResponse: Schema<DirectResponse> = object<DirectResponse>({
  status: integer(200, 599),
  body: maybe(object<NonNullable<DirectResponse['body']>>({ string: maybe(text), bytes: maybe(text) })),
});

export const rewrite: Schema<HttpRewrite> = check(
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
