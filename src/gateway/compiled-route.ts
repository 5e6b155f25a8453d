import type { ClusterBalancer } from '../affinity/cluster-balancer.ts';
import { compileForward, type ForwardPlan } from '../affinity/forward-plan.ts';
import { DROPPED_AT_EDGE, DROPPED_FROM_EXTERNAL, DROPPED_FROM_INTERNAL } from '../affinity/forwarded-headers.ts';
import { SESSION_SIGNAL_HEADER } from '../affinity/strong/session-signal.ts';
import type { SessionTokens } from '../affinity/token/session-tokens.ts';
import { hashPoliciesOf } from '../model/affinity.ts';
import { toByteString } from '../model/byte-string.ts';
import type { ClientAddressPolicy, VirtualHost } from '../model/listener.ts';
import type { RequestView } from '../model/request-view.ts';
import type { FaultPolicy, ForwardAction, RetryPolicy, Route, WeightedTarget } from '../model/route.ts';
import type { StrongSession } from '../model/strong-session.ts';
import { compilePathRewrite, type PathRewriter } from '../routing/path-rewrite.ts';
import { compileRedirect } from '../routing/redirect.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ClusterStats } from './cluster-stats.ts';
import { CORS_RESPONSE_HEADERS, CompiledCors } from './cors.ts';
import { compileHeaderEdits, type HeaderEdits } from './header-edits.ts';
import { type CompiledMirror, compileMirror } from './mirror.ts';
import { RetryRules } from './retry-rules.ts';
import type { UpstreamHost } from './upstream-host.ts';

/** One cluster of a snapshot, as the data plane serves it. */
export interface RuntimeCluster {
  readonly balancer: ClusterBalancer<UpstreamHost>;
  readonly stats: ClusterStats;
  /** null: the cluster has no limits. */
  readonly breaker: CircuitBreaker | null;
}

/** What differs between a route's weighted targets. */
export interface CompiledTarget {
  readonly cluster: RuntimeCluster | null;
  /** Empty: the Host is passed on. */
  readonly hostRewrite: string;
  readonly requestEdits: HeaderEdits;
  /** The same for requests from inside, whose orders to the proxy pass (envoy-affinity §11.7). */
  readonly internalRequestEdits: HeaderEdits;
  readonly responseEdits: HeaderEdits;
  /** The same for responses that a CORS policy writes its headers on. */
  readonly corsResponseEdits: HeaderEdits;
}

/** What a route does beside forwarding; null in the common case that it does nothing of the kind. */
export interface CompiledFilters {
  readonly fault: FaultPolicy | null;
  readonly cors: CompiledCors | null;
  readonly mirrors: readonly CompiledMirror[];
}

export type CompiledAction =
  | { readonly kind: 'respond'; readonly status: number; readonly body: string }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: (request: RequestView) => string }
  | CompiledForward;

export interface CompiledForward {
  readonly kind: 'forward';
  readonly action: ForwardAction;
  readonly plan: ForwardPlan<UpstreamHost>;
  /** In the order of `plan.targets`. */
  readonly targets: readonly CompiledTarget[];
  readonly filters: CompiledFilters | null;
  readonly retry: RetryRules | null;
  readonly pathRewriter: PathRewriter | null;
  /** A hash policy reads one of the forwarding headers, which the gateway writes itself. */
  readonly hashesForwarded: boolean;
  /** Request header that says why a session is not where it was; empty: none. */
  readonly lostHeader: string;
  /** `x-envoy-expected-rq-timeout-ms` of a request's first try; empty: nothing is limited. */
  readonly expectedTimeoutLine: string;
  /** The upstream is told which try it is (`x-envoy-attempt-count`). */
  readonly countsAttempts: boolean;
}

export interface CompiledRoute {
  readonly route: Route;
  readonly host: VirtualHost;
  readonly action: CompiledAction;
  /** Of responses that the gateway makes itself on this route. */
  readonly responseEdits: HeaderEdits;
}

export interface RouteEnvironment {
  readonly clusterOf: (name: string) => RuntimeCluster | undefined;
  readonly clientAddress: ClientAddressPolicy;
  readonly serverHeader: string | null;
  readonly sessionTokens: SessionTokens;
}

export function compileRoute(route: Route, host: VirtualHost, environment: RouteEnvironment): CompiledRoute {
  return {
    route,
    host,
    action: compileAction(route, host, environment),
    responseEdits: compileHeaderEdits([], [route.responseHeaders]),
  };
}

function compileAction(route: Route, host: VirtualHost, environment: RouteEnvironment): CompiledAction {
  const { action } = route;
  switch (action.kind) {
    case 'respond':
      return { kind: 'respond', status: action.status, body: action.body };
    case 'redirect':
      return { kind: 'redirect', status: action.status, location: compileRedirect(action, route.match.path) };
    case 'forward':
      return compileForwardAction(route, action, host, environment);
  }
}

function compileForwardAction(
  route: Route,
  action: ForwardAction,
  host: VirtualHost,
  environment: RouteEnvironment,
): CompiledForward {
  return {
    kind: 'forward',
    action,
    plan: compileForward(action, (name) => environment.clusterOf(name)?.balancer, environment.sessionTokens),
    targets: action.targets.map((target) => compileTarget(route, action, target, host, environment)),
    filters: compileFilters(action, environment),
    retry: compileRetry(action.retry),
    pathRewriter: action.pathRewrite === null ? null : compilePathRewrite(action.pathRewrite, route.match.path),
    hashesForwarded: hashesForwarding(
      action,
      action.targets.map((target) => environment.clusterOf(target.cluster)),
    ),
    lostHeader: strongSessionOf(route)?.lostHeader ?? '',
    expectedTimeoutLine: expectedTimeoutLine(action, 0),
    countsAttempts: host.includeAttemptCount,
  };
}

function compileFilters(action: ForwardAction, environment: RouteEnvironment): CompiledFilters | null {
  const { fault, cors, mirrors } = action;
  if (fault === null && cors === null && mirrors.length === 0) return null;
  return {
    fault,
    cors: cors === null ? null : new CompiledCors(cors),
    mirrors: mirrors
      .map((mirror) => compileMirror(mirror, action, environment.clusterOf))
      .filter((mirror) => mirror !== null),
  };
}

/** null: no retries, and no time limit of each try. */
function compileRetry(policy: RetryPolicy | null): RetryRules | null {
  return policy === null || (policy.retries === 0 && policy.perTryTimeoutMillis === null)
    ? null
    : new RetryRules(policy);
}

/**
 * Envoy tells the upstream how long it will wait: as long as a try may take, and no longer than what is left of the time
 * for all of them `elapsedMillis` after the request was whole; 1 where that is over (envoy-affinity §11.8).
 */
export function expectedTimeoutLine({ timeoutMillis, retry }: ForwardAction, elapsedMillis: number): string {
  const left = timeoutMillis === null ? null : Math.max(1, timeoutMillis - Math.round(elapsedMillis));
  const limits = [left, retry?.perTryTimeoutMillis ?? null].filter((limit) => limit !== null);
  return limits.length === 0 ? '' : `x-envoy-expected-rq-timeout-ms: ${Math.min(...limits)}\r\n`;
}

/** Headers that the gateway writes on every request, from what it knows of the client. */
const FORWARDING = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-request-id',
  'x-envoy-external-address',
  'x-envoy-internal',
] as const;

function compileTarget(
  route: Route,
  action: ForwardAction,
  target: WeightedTarget,
  host: VirtualHost,
  environment: RouteEnvironment,
): CompiledTarget {
  const { clientAddress, serverHeader } = environment;
  const rewritten = hasRewrite(action) ? ['x-envoy-original-path', 'x-envoy-original-host'] : [];
  const counted = host.includeAttemptCount ? ['x-envoy-attempt-count'] : [];
  const strong = strongSessionOf(route);
  const lost = strong === null || strong.lostHeader === '' ? [] : [strong.lostHeader];
  const own = [...FORWARDING, ...rewritten, ...counted, ...lost, 'x-envoy-expected-rq-timeout-ms'];
  const isEdge = clientAddress.source.kind === 'remoteAddress';
  const external = [...own, ...(isEdge ? DROPPED_AT_EDGE : DROPPED_FROM_EXTERNAL)];
  const requestLevels = [target.requestHeaders, route.requestHeaders];
  const signal = strong === null ? [] : [SESSION_SIGNAL_HEADER];
  const ownResponse = [...(serverHeader === null ? [] : ['server']), ...signal, 'x-envoy-upstream-service-time'];
  const responseLevels = [target.responseHeaders, route.responseHeaders];
  return {
    cluster: environment.clusterOf(target.cluster) ?? null,
    hostRewrite: toByteString(target.hostRewrite ?? action.hostRewrite ?? ''),
    requestEdits: compileHeaderEdits(external, requestLevels),
    internalRequestEdits: compileHeaderEdits([...own, ...DROPPED_FROM_INTERNAL], requestLevels),
    responseEdits: compileHeaderEdits(ownResponse, responseLevels),
    corsResponseEdits: compileHeaderEdits([...ownResponse, ...CORS_RESPONSE_HEADERS], responseLevels),
  };
}

function strongSessionOf({ action }: Route): StrongSession | null {
  return action.kind === 'forward' && action.affinity.kind === 'strongSession' ? action.affinity.session : null;
}

function hasRewrite({ pathRewrite, hostRewrite, targets }: ForwardAction): boolean {
  return pathRewrite !== null || hostRewrite !== null || targets.some((target) => target.hostRewrite !== null);
}

function hashesForwarding({ affinity }: ForwardAction, clusters: readonly (RuntimeCluster | undefined)[]): boolean {
  const own = clusters.flatMap((cluster) => {
    const balancer = cluster?.balancer.cluster.balancer;
    return balancer?.kind === 'ringHash' || balancer?.kind === 'maglev' ? balancer.hashing.policies : [];
  });
  const names: readonly string[] = FORWARDING;
  return [...hashPoliciesOf(affinity), ...own].some(
    (policy) => policy.kind === 'header' && names.includes(policy.name.toLowerCase()),
  );
}
