import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { Route } from '../../model/route.ts';
import type { GatewayAttachment } from '../../resources/attachment.ts';
import type { DialectModel } from '../../resources/dialect.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { byAgeThenNamespace, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { emitListener } from './emit-listener.ts';
import { compareMatches } from './emit-match.ts';
import { type EmittedRoute, emitRoutes } from './emit-route.ts';
import { createBackends } from './resolve-backends.ts';
import { resolveGrants } from './resolve-grants.ts';
import { type GatewayListener, resolveListeners } from './resolve-listeners.ts';
import { type AttachedRoute, resolveAttachedRoutes } from './resolve-routes.ts';
import { type RuleContext, resolveRule } from './resolve-rules.ts';

/** Kinds that this dialect reads. */
export const GATEWAY_API_KINDS: readonly (readonly [group: string, kind: string])[] = [
  ['gateway.networking.k8s.io', 'GatewayClass'],
  ['gateway.networking.k8s.io', 'Gateway'],
  ['gateway.networking.k8s.io', 'HTTPRoute'],
  ['gateway.networking.k8s.io', 'ReferenceGrant'],
];

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
  const context: RuleContext = { backends, attachments, sink };
  const ports = Map.groupBy(listeners, ({ spec }) => spec.port);
  return {
    listeners: [...ports.values()].map((shared) => emitListener(shared, routesByHost(context, attached, shared))),
    clusters: [...backends.clusters(), ...attachments.flatMap((attachment) => attachment.clusters())],
    services: new Map([backends, ...attachments].flatMap((part) => [...part.services()])),
  };
}

interface CandidateRoute extends EmittedRoute {
  readonly resource: Resource;
}

function routesByHost(
  context: RuleContext,
  attached: readonly AttachedRoute[],
  listeners: readonly GatewayListener[],
): ReadonlyMap<string, readonly Route[]> {
  const byHost = new Map<string, CandidateRoute[]>();
  for (const one of attached) {
    if (!listeners.includes(one.listener)) continue;
    const candidates = candidatesOf(context, one);
    for (const hostname of new Set(one.hostnames)) {
      const known = byHost.get(hostname);
      if (known === undefined) byHost.set(hostname, [...candidates]);
      else known.push(...candidates);
    }
  }
  const sorted = (candidates: CandidateRoute[]) => candidates.sort(compareCandidates).map(({ route }) => route);
  return new Map([...byHost].map(([hostname, candidates]) => [hostname, sorted(candidates)]));
}

function candidatesOf(context: RuleContext, { route: { resource, spec }, listener }: AttachedRoute): CandidateRoute[] {
  return spec.rules.flatMap((rule, index) => {
    if (rule === null) return [];
    const resolved = resolveRule(context, rule, resource, index);
    return emitRoutes(resolved, listener, context.attachments).map((emitted) => ({ ...emitted, resource }));
  });
}

/** The sort is stable: what is left equal stays in the order of rules and of their matches. */
function compareCandidates(a: CandidateRoute, b: CandidateRoute): number {
  return compareMatches(a.match, b.match) || byAgeThenNamespace(a.resource, b.resource);
}
