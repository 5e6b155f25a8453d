import { gatewayDuration } from '../../resources/duration.ts';
import { gatewayHostname } from '../../resources/host-names.ts';
import { headerName, regexProblem } from '../../resources/http-fields.ts';
import {
  check,
  integer,
  list,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  portNumber,
  problem,
  type Schema,
  text,
  units,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { filters, type HttpFilter } from './schema-filter.ts';
import { type SessionPersistence, sessionPersistence } from './schema-session.ts';

export interface HttpRouteSpec {
  readonly parentRefs: readonly (ParentRef | null)[];
  readonly hostnames: readonly string[];
  readonly rules: readonly (HttpRouteRule | null)[];
}

export interface ParentRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly sectionName: string | null;
  readonly port: number | null;
}

export interface HttpRouteRule {
  readonly name: string;
  readonly matches: readonly HttpRouteMatch[];
  readonly filters: readonly HttpFilter[];
  readonly backendRefs: readonly BackendRef[];
  readonly timeouts: { readonly request: number | null; readonly backendRequest: number | null };
  readonly retry: HttpRouteRetry | null;
  readonly sessionPersistence: SessionPersistence | null;
}

export interface HttpRouteMatch {
  readonly path: { readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string };
  readonly headers: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
  readonly method: string | null;
}

export interface NamedMatch {
  readonly type: 'Exact' | 'RegularExpression';
  readonly name: string;
  readonly value: string;
}

export interface BackendRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly port: number | null;
  readonly weight: number;
  readonly filters: readonly HttpFilter[];
}

export interface HttpRouteRetry {
  readonly codes: readonly number[];
  readonly attempts: number | null;
  readonly backoff: number | null;
}

const parentRef = object<ParentRef>({
  group: withDefault(text, 'gateway.networking.k8s.io'),
  kind: withDefault(text, 'Gateway'),
  namespace: maybe(text),
  name: nonEmptyText,
  sectionName: maybe(text),
  port: maybe(portNumber),
});

function namedMatch(name: Schema<string>): Schema<NamedMatch> {
  return problem(
    object<NamedMatch>({
      type: withDefault<NamedMatch['type']>(oneOf('Exact', 'RegularExpression'), 'Exact'),
      name,
      value: text,
    }),
    ({ type, value }) => (type === 'RegularExpression' ? regexProblem(value) : null),
  );
}

/** Rules of the API's own schema for paths that are compared as they stand. */
const path = problem(
  object<HttpRouteMatch['path']>({
    type: withDefault<HttpRouteMatch['path']['type']>(oneOf('Exact', 'PathPrefix', 'RegularExpression'), 'PathPrefix'),
    value: withDefault(text, '/'),
  }),
  ({ type, value }) => {
    if (type === 'RegularExpression') return regexProblem(value);
    const isClean = value.startsWith('/') && !/\/\/|\/\.{1,2}(?:\/|$)|%2f|#/i.test(value);
    return isClean ? null : 'must begin with / and hold no //, /./, /../, %2f or #';
  },
);

const match = object<HttpRouteMatch>({
  path: withDefault<HttpRouteMatch['path']>(path, { type: 'PathPrefix', value: '/' }),
  headers: list(namedMatch(headerName)),
  queryParams: list(namedMatch(nonEmptyText)),
  method: maybe(oneOf('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH')),
});

const backendRef = object<BackendRef>({
  group: withDefault(text, ''),
  kind: withDefault(text, 'Service'),
  namespace: maybe(text),
  name: nonEmptyText,
  port: maybe(portNumber),
  weight: withDefault(integer(0, 1_000_000), 1),
  filters,
});

const timeouts = check(
  object<HttpRouteRule['timeouts']>({ request: maybe(gatewayDuration), backendRequest: maybe(gatewayDuration) }),
  ({ request, backendRequest }) => !request || !backendRequest || backendRequest <= request,
  'must not have a backendRequest longer than request',
);

const retry = object<HttpRouteRetry>({
  codes: list(integer(400, 599)),
  attempts: maybe(integer(1, 1000)),
  backoff: maybe(gatewayDuration),
});

const rule = check(
  object<HttpRouteRule>({
    name: withDefault(text, ''),
    matches: list(match),
    filters,
    backendRefs: list(backendRef),
    timeouts: withDefault<HttpRouteRule['timeouts']>(timeouts, { request: null, backendRequest: null }),
    retry: maybe(retry),
    sessionPersistence: maybe(sessionPersistence),
  }),
  ({ filters: found, backendRefs }) =>
    backendRefs.length === 0 || !found.some(({ type }) => type === 'RequestRedirect'),
  'must not have a RequestRedirect filter and backendRefs at once',
);

export const httpRouteSpec: Schema<HttpRouteSpec> = object<HttpRouteSpec>(
  { parentRefs: units(parentRef), hostnames: list(gatewayHostname), rules: units(rule) },
  { useDefaultGateways: unsupported('name the Gateways in parentRefs') },
);
