import type { Affinity } from '../../model/affinity.ts';
import type {
  ForwardAction,
  HeaderOps,
  PathRewrite,
  RedirectAction,
  RetryPolicy,
  WeightedTarget,
} from '../../model/route.ts';
import { NO_HEADER_OPS } from '../../model/route.ts';
import { emitCors } from './emit-cors.ts';
import type { ResolvedBackend, ResolvedRule } from './resolve-rules.ts';
import type { HeaderModifier, HttpFilter, PathModifier, RequestRedirect } from './schema-filter.ts';
import type { HttpRouteRule } from './schema-http-route.ts';

/** Invalid backends, and a rule without any, are answered 500 (Gateway API, HTTPRouteRule.backendRefs). */
export function emitForward({ rule, backends, mirrors }: ResolvedRule, affinity: Affinity): ForwardAction {
  const rewrite = rule.filters.find((filter) => filter.urlRewrite !== null)?.urlRewrite ?? null;
  const cors = rule.filters.find((filter) => filter.cors !== null)?.cors ?? null;
  const { request, backendRequest } = rule.timeouts;
  // Without retries there is one attempt, and its limit is the request's as well.
  const shortest =
    rule.retry === null && backendRequest ? Math.min(request || backendRequest, backendRequest) : request;
  return {
    kind: 'forward',
    targets: backends.map(emitTarget),
    emptyStatus: 500,
    targetByHash: false,
    affinity,
    affinityOrigin: null,
    timeoutMillis: shortest || null,
    retry: emitRetry(rule),
    pathRewrite: rewrite?.path ? emitPathModifier(rewrite.path) : null,
    hostRewrite: rewrite?.hostname ?? null,
    mirrors,
    cors: cors === null ? null : emitCors(cors),
    fault: null,
    idleTimeoutMillis: null,
  };
}

function emitTarget({ cluster, weight, filters }: ResolvedBackend): WeightedTarget {
  return {
    cluster,
    weight,
    subset: null,
    hostRewrite: null,
    requestHeaders: emitHeaderOps(filters, 'requestHeaderModifier'),
    responseHeaders: emitHeaderOps(filters, 'responseHeaderModifier'),
  };
}

/** GEP-1731: the codes given, and connections that failed, which is safe for any request. */
function emitRetry({ retry, timeouts }: HttpRouteRule): RetryPolicy | null {
  if (retry === null) return null;
  const backoffBaseMillis = retry.backoff ?? 25;
  return {
    on: ['connect-failure', 'refused-stream', 'reset-before-request', 'retriable-status-codes'],
    retries: retry.attempts ?? 1,
    statusCodes: retry.codes,
    perTryTimeoutMillis: timeouts.backendRequest || null,
    backoffBaseMillis,
    backoffMaxMillis: backoffBaseMillis * 10,
    avoidPreviousHosts: false,
    avoidPreviousPriorities: false,
    hostSelectionAttempts: 0,
  };
}

/** Every modifier of the list is at most once there; its field is null in all other filters. */
export function emitHeaderOps(
  filters: readonly HttpFilter[],
  field: 'requestHeaderModifier' | 'responseHeaderModifier',
): HeaderOps {
  const modifier: HeaderModifier | null = filters.find((filter) => filter[field] !== null)?.[field] ?? null;
  if (modifier === null) return NO_HEADER_OPS;
  const pairs = (headers: HeaderModifier['set']) =>
    headers.map(({ name, value }) => [name.toLowerCase(), value] as const);
  return {
    set: pairs(modifier.set),
    add: pairs(modifier.add),
    remove: modifier.remove.map((name) => name.toLowerCase()),
  };
}

/** The port: as given, else the scheme's own where a scheme is given, else the listener's (HTTPRequestRedirectFilter.port). */
export function emitRedirect(redirect: RequestRedirect, listenerPort: number): RedirectAction {
  const { scheme, hostname, path, port, statusCode } = redirect;
  const standard = scheme === null ? null : scheme === 'https' ? 443 : 80;
  return {
    kind: 'redirect',
    status: statusCode,
    scheme,
    host: hostname,
    port: port ?? standard ?? listenerPort,
    path: path === null ? null : emitPathModifier(path),
  };
}

function emitPathModifier({ type, replaceFullPath, replacePrefixMatch }: PathModifier): PathRewrite {
  if (type === 'ReplaceFullPath') return { kind: 'full', value: replaceFullPath ?? '' };
  return { kind: 'prefix', value: replacePrefixMatch ?? '' };
}
