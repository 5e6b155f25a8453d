import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { Mirror, Route, RouteAction } from '../../model/route.ts';
import { type GatewayAttachment, includesKind, type ObjectReference } from '../../resources/attachment.ts';
import type { DialectModel } from '../../resources/dialect.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { byAgeThenNamespace, type FieldPath, originOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { emitForward, emitHeaderOps, emitRedirect } from './emit-action.ts';
import { emitListener } from './emit-listener.ts';
import { compareMatches, emitMatch, MATCH_ALL } from './emit-match.ts';
import { emitSession } from './emit-session.ts';
import { type Backends, createBackends } from './resolve-backends.ts';
import { resolveGrants } from './resolve-grants.ts';
import { type GatewayListener, resolveListeners } from './resolve-listeners.ts';
import { type AttachedRoute, resolveAttachedRoutes } from './resolve-routes.ts';
import type { HttpRouteMatch, HttpRouteRule } from './schema-http-route.ts';

/** Kinds that this dialect reads. */
export const GATEWAY_API_KINDS: readonly (readonly [group: string, kind: string])[] = [
  ['gateway.networking.k8s.io', 'GatewayClass'],
  ['gateway.networking.k8s.io', 'Gateway'],
  ['gateway.networking.k8s.io', 'HTTPRoute'],
  ['gateway.networking.k8s.io', 'ReferenceGrant'],
];

interface Context {
  readonly backends: Backends;
  readonly attachments: readonly GatewayAttachment[];
  readonly sink: DiagnosticSink;
}

/** What the Gateways and HTTPRoutes say, with what the attached systems add to them. */
export function translateGatewayApi(
  resources: ResourceSet,
  kubernetes: Kubernetes,
  attachments: readonly GatewayAttachment[],
  sink: DiagnosticSink,
): DialectModel {
  const listeners = resolveListeners(resources, attachments, sink);
  const attached = resolveAttachedRoutes(resources, listeners, kubernetes, sink);
  const backends = createBackends(kubernetes, attachments, resolveGrants(resources, sink), sink);
  const context: Context = { backends, attachments, sink };
  const ports = Map.groupBy(listeners, ({ spec }) => spec.port);
  return {
    listeners: [...ports.values()].map((shared) => emitListener(shared, routesByHost(context, attached, shared))),
    clusters: [...backends.clusters(), ...attachments.flatMap((attachment) => attachment.clusters())],
  };
}

interface CandidateRoute {
  readonly match: HttpRouteMatch;
  readonly attached: AttachedRoute;
  readonly route: Route;
}

function routesByHost(
  context: Context,
  attached: readonly AttachedRoute[],
  listeners: readonly GatewayListener[],
): ReadonlyMap<string, readonly Route[]> {
  const byHost = new Map<string, CandidateRoute[]>();
  for (const one of attached) {
    if (!listeners.includes(one.listener)) continue;
    const candidates = emitCandidates(context, one);
    for (const hostname of new Set(one.hostnames)) {
      const known = byHost.get(hostname);
      if (known === undefined) byHost.set(hostname, [...candidates]);
      else known.push(...candidates);
    }
  }
  const sorted = (candidates: CandidateRoute[]) => candidates.sort(compareCandidates).map(({ route }) => route);
  return new Map([...byHost].map(([hostname, candidates]) => [hostname, sorted(candidates)]));
}

/** The sort is stable: what is left equal stays in the order of rules and of their matches. */
function compareCandidates(a: CandidateRoute, b: CandidateRoute): number {
  return compareMatches(a.match, b.match) || byAgeThenNamespace(a.attached.route.resource, b.attached.route.resource);
}

function emitCandidates(context: Context, attached: AttachedRoute): CandidateRoute[] {
  const candidates: CandidateRoute[] = [];
  for (const [index, rule] of attached.route.spec.rules.entries()) {
    if (rule === null) continue;
    const path = ['spec', 'rules', index];
    const action = emitAction(context, attached, rule, index, path);
    const matches = rule.matches.length === 0 ? [MATCH_ALL] : rule.matches;
    for (const [at, match] of matches.entries()) {
      const place = rule.matches.length === 0 ? path : [...path, 'matches', at];
      candidates.push({ match, attached, route: emitRoute(context, attached, rule, index, match, action, place) });
    }
  }
  return candidates;
}

function emitRoute(
  { attachments }: Context,
  { route: { resource }, listener }: AttachedRoute,
  rule: HttpRouteRule,
  ruleIndex: number,
  match: HttpRouteMatch,
  action: RouteAction,
  path: FieldPath,
): Route {
  const plain: Route = {
    name: rule.name,
    match: emitMatch(match),
    action,
    requestHeaders: emitHeaderOps(rule.filters, 'requestHeaderModifier'),
    responseHeaders: emitHeaderOps(rule.filters, 'responseHeaderModifier'),
    origin: originOf(resource, path),
  };
  const rulePath = ['spec', 'rules', ruleIndex];
  const target = {
    route: resource,
    ruleIndex,
    rulePath,
    extensions: extensionsOf(rule, resource, rulePath),
    hasTimeout: rule.timeouts.request !== null || rule.timeouts.backendRequest !== null,
  };
  return attachments.reduce(
    (route, attachment) => attachment.apply({ ...target, isOwnGateway: listener.owner === attachment }, route),
    plain,
  );
}

function extensionsOf(
  rule: HttpRouteRule,
  resource: AttachedRoute['route']['resource'],
  rulePath: FieldPath,
): ObjectReference[] {
  const { namespace } = resource.metadata;
  return rule.filters.flatMap(({ extensionRef }, index) =>
    extensionRef === null
      ? []
      : [{ ...extensionRef, namespace, resource, path: [...rulePath, 'filters', index, 'extensionRef'] }],
  );
}

/** A filter that can't be resolved must not be skipped: its rule answers 500 (Gateway API, HTTPRouteFilter). */
function emitAction(
  context: Context,
  attached: AttachedRoute,
  rule: HttpRouteRule,
  ruleIndex: number,
  path: FieldPath,
): RouteAction {
  const { resource } = attached.route;
  const unknown = extensionsOf(rule, resource, path).filter(
    ({ group, kind }) => !context.attachments.some(({ filterKinds }) => includesKind(filterKinds, group, kind)),
  );
  for (const { group, kind, path: at } of unknown) {
    const message = `a filter can't be a ${kind} of group ${JSON.stringify(group)}`;
    context.sink.report(
      'error',
      'unresolved-reference',
      resource.position([...at, 'kind']),
      message,
      'The rule answers 500.',
    );
  }
  if (unknown.length > 0 || rule.filters.some(({ type }) => type === 'ExternalAuth'))
    return { kind: 'respond', status: 500, body: '' };
  const redirect = rule.filters.find((filter) => filter.requestRedirect !== null)?.requestRedirect ?? null;
  if (redirect !== null) return emitRedirect(redirect, attached.listener.spec.port);
  if (rule.backendRefs.length === 0) {
    const message = 'this rule has no backend, so it answers 500';
    context.sink.report('warning', 'missing-field', resource.position(path), message, 'Add backendRefs.');
  }
  const backends = rule.backendRefs.map((backend, index) => ({
    cluster: context.backends.resolve(backend, resource, [...path, 'backendRefs', index]) ?? '',
    weight: backend.weight,
    filters: backend.filters,
  }));
  return emitForward(
    rule,
    backends,
    emitSession(rule, resource, ruleIndex),
    resolveMirrors(context, rule, resource, path),
  );
}

/** A mirror that can't be resolved is reported and left out; requests are served all the same. */
function resolveMirrors(context: Context, rule: HttpRouteRule, resource: Resource, path: FieldPath): Mirror[] {
  return rule.filters.flatMap(({ requestMirror }, index) => {
    if (requestMirror === null) return [];
    const { backendRef, percent, fraction } = requestMirror;
    const at = [...path, 'filters', index, 'requestMirror', 'backendRef'];
    const cluster = context.backends.resolve(backendRef, resource, at, 'It gets no copies.');
    const share = percent ?? (fraction === null ? 100 : (fraction.numerator / fraction.denominator) * 100);
    return cluster === null || share === 0 ? [] : [{ cluster, percent: share }];
  });
}
