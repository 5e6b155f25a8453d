import { type Affinity, type HashPolicy, NO_AFFINITY } from '../../model/affinity.ts';
import type { Origin } from '../../model/origin.ts';
import type { Mirror } from '../../model/route.ts';
import { type FieldPath, originOf, type Resource } from '../../resources/resource.ts';
import { emitHashPolicy } from './emit-cluster.ts';
import { toPercent } from './emit-http-filters.ts';
import { emitSession } from './emit-session.ts';
import type { IstioService, SessionLabel } from './istio-service.ts';
import { type ActionContext, type ResolvedDestination, resolveDestination } from './resolve-destination.ts';
import type { Placed } from './resolve-destination-rules.ts';
import { clusterPolicy, routeHash } from './resolve-policy.ts';
import type { Destination, DirectResponse, HeadersSpec, HttpRedirect } from './schema-http-action.ts';
import type { ConsistentHash } from './schema-load-balancer.ts';
import type { HttpRetry } from './schema-retry.ts';
import type { HttpRule } from './schema-virtual-service.ts';

export interface ResolvedTarget {
  readonly cluster: string;
  readonly weight: number;
  readonly headers: HeadersSpec;
}

export type ResolvedAction =
  | { readonly kind: 'redirect'; readonly redirect: HttpRedirect }
  | { readonly kind: 'respond'; readonly response: DirectResponse }
  | {
      readonly kind: 'forward';
      readonly targets: readonly ResolvedTarget[];
      /** Written with several destinations, of which some may have been dropped. */
      readonly isWeighted: boolean;
      readonly affinity: Affinity;
      readonly affinityOrigin: Origin | null;
      /** The rule's own, or the mesh's; null: Istio's defaults. */
      readonly retries: HttpRetry | null;
      /** A destination has a consistent hash, with or without a key. */
      readonly isHashed: boolean;
      readonly mirrors: readonly Mirror[];
    };

export function resolveAction(
  context: ActionContext,
  rule: HttpRule,
  resource: Resource,
  path: FieldPath,
  listenerPort: number,
): ResolvedAction {
  if (rule.redirect !== null) return { kind: 'redirect', redirect: rule.redirect };
  if (rule.directResponse !== null) return { kind: 'respond', response: rule.directResponse };
  return resolveForward(context, rule, resource, path, listenerPort);
}

function resolveForward(
  context: ActionContext,
  rule: HttpRule,
  resource: Resource,
  path: FieldPath,
  listenerPort: number,
): ResolvedAction {
  const resolved = rule.route.map(({ destination, weight, headers }, index) => {
    const place = { resource, path: [...path, 'route', index, 'destination'], listenerPort };
    const found = resolveDestination(context, destination, place);
    const hash = findHash(context, found, destination.subset);
    const { service } = found;
    return { cluster: found.cluster, weight, headers, hash, service, session: service?.session ?? null };
  });
  const isSingle = resolved.length === 1;
  const weighted = resolved.filter(({ weight }) => isSingle || weight > 0);
  const labels = context.options.persistentSessions ? weighted.map(({ session: label }) => label) : [];
  const session = routeSession(context, labels, resource, path);
  const policies = weighted
    .map(({ hash }) => (hash === null ? null : emitHashPolicy(hash.value)))
    .filter((policy) => policy !== null);
  const { isSessionTarget } = context.options;
  const hasPolicy =
    isSessionTarget(resource) || resolved.some(({ service }) => service && isSessionTarget(service.resource));
  if (session === null && !hasPolicy && policies.length > 0) reportSplit(context, weighted, resource, path);
  // Weight 0 takes no new requests and Istio drops it; where a session may still name it, it stays reachable.
  const served = session === null && !hasPolicy ? weighted : resolved;
  if (!hasPolicy && served.length > weighted.length) reportKeptIdle(context, resource, path);
  return {
    kind: 'forward',
    targets: served.map(({ cluster, weight, headers }) => ({ cluster, weight, headers })),
    isWeighted: !isSingle,
    affinity: toAffinity(session, policies),
    affinityOrigin: affinityOrigin(session, weighted),
    retries: rule.retries ?? context.options.mesh.defaultHttpRetryPolicy,
    isHashed: weighted.some(({ hash }) => hash !== null),
    mirrors: resolveMirrors(context, rule, resource, path, listenerPort),
  };
}

/** Istio and Envoy draw the destination anew for each request, whatever is hashed (istio-affinity §4). */
function reportSplit({ sink }: ActionContext, weighted: readonly unknown[], resource: Resource, path: FieldPath): void {
  if (weighted.length < 2) return;
  const message =
    'the hash keeps a client on an endpoint within each destination, not on a destination: that is drawn by weight for each request';
  const help =
    'To keep clients on one side of a split, match on a cookie or a header, or label the Services with a session.';
  sink.report('note', 'no-affinity', resource.position([...path, 'route'], 'key'), message, help);
}

function reportKeptIdle({ sink }: ActionContext, resource: Resource, path: FieldPath): void {
  const message = 'what has weight 0 keeps its sessions here; Istio drops it, so that they move';
  const help = 'Leave the destination out to get the same from both.';
  sink.report('note', 'bettered', resource.position([...path, 'route'], 'key'), message, help);
}

/** The Service whose label makes the session, otherwise the first hash. */
function affinityOrigin(
  session: SessionLabel | null,
  targets: readonly {
    readonly hash: Placed<ConsistentHash> | null;
    readonly service: IstioService | undefined;
    readonly session: SessionLabel | null;
  }[],
): Origin | null {
  const labelled = targets.find((target) => session !== null && target.session === session)?.service;
  if (labelled) return originOf(labelled.resource, ['metadata', 'labels']);
  const hash = targets.find((target) => target.hash !== null)?.hash;
  return hash ? originOf(hash.resource, hash.path) : null;
}

/** Without a percentage all requests are mirrored; with 0 there is no mirror. */
function resolveMirrors(
  context: ActionContext,
  { mirror, mirrors, mirrorPercentage, mirrorPercent, mirror_percent }: HttpRule,
  resource: Resource,
  path: FieldPath,
  listenerPort: number,
): Mirror[] {
  const emit = (destination: Destination, percent: number, at: FieldPath): Mirror[] => {
    if (percent === 0) return [];
    const { cluster } = resolveDestination(context, destination, { resource, path: at, listenerPort });
    return [{ cluster, percent: toPercent(percent) }];
  };
  const percent = mirrorPercentage?.value ?? mirrorPercent ?? mirror_percent ?? 100;
  return [
    ...(mirror === null ? [] : emit(mirror, percent, [...path, 'mirror'])),
    // Beside `mirror` these can stand in a rule of a delegate, which has one of them from the root.
    ...mirrors.flatMap(({ destination, percentage }, index) =>
      emit(destination, percentage?.value ?? 100, [...path, 'mirrors', index, 'destination']),
    ),
  ];
}

/**
 * Istio consults port blocks only where the route names the port, so a hash under portLevelSettings is lost on a route
 * that leaves the port of a one-port Service out, and every request goes to a random endpoint of a ring. Here the port
 * that the route means counts, where there is a ring to be bettered.
 */
function findHash(
  { sink }: ActionContext,
  { rule, port, isPortNamed }: ResolvedDestination,
  subset: string,
): Placed<ConsistentHash> | null {
  const asIstio = routeHash(rule, isPortNamed ? port : null, subset);
  const isRing = (clusterPolicy(rule, port, subset).loadBalancer?.consistentHash ?? null) !== null;
  const hash = asIstio ?? (isRing ? routeHash(rule, port, subset) : null);
  if (hash === null) return null;
  const at = () => hash.resource.position(hash.path, 'key');
  if (asIstio === null) {
    const message = `this hash applies to routes that leave port ${port} out, too; Istio sends those to random endpoints`;
    sink.report('note', 'bettered', at(), message, 'Name destination.port.number to get the same from both.');
  }
  if (emitHashPolicy(hash.value) === null) {
    const message = 'this hash has no key, so requests go to random endpoints';
    const help = 'Add httpCookie, httpHeaderName, httpQueryParameterName or useSourceIp: true.';
    sink.report('warning', 'no-affinity', at(), message, help);
  }
  return hash;
}

/**
 * The session of a route with several destinations. Istio keeps what it looked at last, so a labelled Service before
 * one without a label loses its sessions; here the first label counts then.
 */
function routeSession(
  { sink }: ActionContext,
  labels: readonly (SessionLabel | null)[],
  resource: Resource,
  path: FieldPath,
): SessionLabel | null {
  let asIstio: SessionLabel | null = null;
  for (const label of labels) {
    if (label !== null && asIstio !== null) break;
    asIstio = label;
  }
  const session = asIstio ?? labels.find((label) => label !== null) ?? null;
  if (asIstio === null && session !== null) {
    const message = 'sessions are kept on this route; Istio drops them, because its last destination has none';
    const help = 'Label every destination of the route to get the same from both.';
    sink.report('note', 'bettered', resource.position([...path, 'route'], 'key'), message, help);
  }
  return session;
}

function toAffinity(session: SessionLabel | null, policies: readonly HashPolicy[]): Affinity {
  if (session !== null) return { kind: 'session', session: emitSession(session), fallback: policies };
  return policies.length === 0 ? NO_AFFINITY : { kind: 'hash', policies };
}
