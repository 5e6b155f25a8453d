import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { type Affinity, hashPoliciesOf } from '../../model/affinity.ts';
import type { Cluster } from '../../model/cluster.ts';
import { toCanonicalJson } from '../../model/digest.ts';
import type { Model } from '../../model/model.ts';
import { formatOrigin, type Origin } from '../../model/origin.ts';
import type { ForwardAction, Route, WeightedTarget } from '../../model/route.ts';
import { nameOf, originOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import type { ServicePortRef } from '../../resources/session-targets.ts';
import { emitFallback, emitMinimalMoves, emitSession } from './emit-session.ts';
import { mapRoutes } from './model-routes.ts';
import type { Attachment, Attachments, Policy } from './resolve-policies.ts';
import { groupOfKind, sectionAt } from './resolve-targets.ts';

export interface AttachContext {
  readonly resources: ResourceSet;
  readonly attachments: Attachments;
  /** By the name of the cluster that stands for it. */
  readonly services: ReadonlyMap<string, ServicePortRef>;
  readonly sink: DiagnosticSink;
}

/** A target of a route with what counts for it. */
interface PlacedTarget {
  readonly attachment: Attachment | undefined;
  /** What a scope is made of: the Service behind the cluster, or else the object that the cluster is of. */
  readonly identity: string;
}

/**
 * The model with every policy on the routes that it reaches. A policy of a route's rule beats one of the whole route, which
 * beats those of its targets: of an Upstream, of a Service's port, of the Service (decision 077).
 */
export function attachPolicies(model: Model, context: AttachContext): Model {
  const clusters = new Map(model.clusters.map((cluster) => [cluster.name, cluster]));
  const reached = new Set<Attachment>();
  const attached = mapRoutes(model, (route) => attachToRoute(route, clusters, context, reached));
  for (const attachment of context.attachments.all) if (!reached.has(attachment)) reportUnreached(attachment, context);
  return attached;
}

function attachToRoute(
  route: Route,
  clusters: ReadonlyMap<string, Cluster>,
  context: AttachContext,
  reached: Set<Attachment>,
): Route {
  const { action } = route;
  if (action.kind !== 'forward') return route;
  const ofRoute = routeAttachment(route, context, reached);
  const targets = action.targets.map((target) => placeTarget(target, clusters, context, reached));
  const governing = ofRoute ?? targets.find(({ attachment }) => attachment !== undefined)?.attachment;
  if (governing === undefined) return route;
  if (ofRoute === undefined) {
    if (hasOwnSession(route, action)) return reportOutranked(route, targets, context.sink);
    reportSplit(route, governing, targets, context.sink);
  }
  const affinity = emitAffinity(route, action, governing, ofRoute, targets, context.sink);
  if (affinity === null) return route;
  reportReplaced(route, action, governing.policy, context.sink);
  return { ...route, action: { ...action, affinity, affinityOrigin: originOf(governing.policy.resource, ['spec']) } };
}

/** GEP-1619: `sessionPersistence` of a rule beats what is said about its backends. */
function hasOwnSession({ origin }: Route, { affinity }: ForwardAction): boolean {
  return origin.kind === 'HTTPRoute' && affinity.kind === 'session';
}

function reportOutranked(route: Route, targets: readonly PlacedTarget[], sink: DiagnosticSink): Route {
  for (const { attachment } of targets) {
    if (attachment === undefined) continue;
    const message = `${formatOrigin(route.origin)} has a sessionPersistence of its own, which counts there`;
    const help = 'Attach a SessionPolicy to the route, or remove sessionPersistence.';
    sink.report('warning', 'conflict', attachment.policy.resource.position(attachment.path), message, help);
  }
  return route;
}

function routeAttachment(
  route: Route,
  { resources, attachments }: AttachContext,
  reached: Set<Attachment>,
): Attachment | undefined {
  const resource = resourceOf(route.origin, resources);
  if (resource === undefined) return undefined;
  const section = sectionAt(resource, route.origin.field);
  const found = [
    section === '' ? undefined : attachments.at(resource, section),
    attachments.at(resource),
    attachments.inherited(resource),
  ].filter((attachment) => attachment !== undefined);
  for (const attachment of found) reached.add(attachment);
  return found[0];
}

function placeTarget(
  { cluster: name }: WeightedTarget,
  clusters: ReadonlyMap<string, Cluster>,
  { resources, attachments, services }: AttachContext,
  reached: Set<Attachment>,
): PlacedTarget {
  const service = services.get(name);
  const origin = clusters.get(name)?.origin;
  const object = origin === undefined ? undefined : resourceOf(origin, resources);
  const found = [
    object === undefined || object === service?.resource ? undefined : attachments.at(object),
    service === undefined ? undefined : attachments.at(service.resource, '', service.port),
    service === undefined ? undefined : attachments.at(service.resource),
  ].filter((attachment) => attachment !== undefined);
  for (const attachment of found) reached.add(attachment);
  const named = service?.resource ?? object;
  return { attachment: found[0], identity: named === undefined ? `cluster ${name}` : `${named.kind} ${nameOf(named)}` };
}

function resourceOf({ kind, namespace, name }: Origin, resources: ResourceSet): Resource | undefined {
  const group = groupOfKind(kind);
  return group === null ? undefined : resources.get(group, kind, namespace, name);
}

/** null, with a diagnostic, where the policy needs a key and there is none. */
function emitAffinity(
  route: Route,
  action: ForwardAction,
  { policy }: Attachment,
  ofRoute: Attachment | undefined,
  targets: readonly PlacedTarget[],
  sink: DiagnosticSink,
): Affinity | null {
  if (policy.spec.carrier.length > 0) {
    const scopes = targets.map(({ attachment, identity }) => {
      const owner = ofRoute === undefined ? (attachment?.policy ?? policy) : policy;
      return `${nameOf(owner.resource)} ${identity}`;
    });
    const session = { policy: nameOf(policy.resource), scopes, ...emitSession(policy.spec, policy.keys) };
    return { kind: 'strongSession', session };
  }
  const own = emitFallback(policy.spec);
  const policies = own.length > 0 ? own : hashPoliciesOf(action.affinity);
  if (policies.length > 0) return { kind: 'hash', policies, minimalMoves: emitMinimalMoves(policy.spec) };
  const at = policy.resource.position(['spec', 'minimizeMoves'], 'key');
  const message = `there is no key to hash on ${formatOrigin(route.origin)}`;
  sink.report('warning', 'no-affinity', at, message, 'Add a fallback, or a hash to the route itself.');
  return null;
}

/** A route has one session; where its targets ask for different ones, the first that asks counts. */
function reportSplit(
  route: Route,
  { policy, path }: Attachment,
  targets: readonly PlacedTarget[],
  sink: DiagnosticSink,
): void {
  const where = formatOrigin(route.origin);
  const settings = settingsOf(policy);
  for (const { attachment, identity } of targets) {
    if (attachment === undefined) {
      const message = `on ${where} this policy keeps the sessions of ${identity} too, which has none of its own`;
      sink.report('note', 'bettered', policy.resource.position(path), message);
    } else if (attachment.policy !== policy && settingsOf(attachment.policy) !== settings) {
      const message = `on ${where} SessionPolicy ${nameOf(policy.resource)} counts for ${identity} too, and it differs`;
      const help = 'A route has one session for all its targets. Attach one SessionPolicy to the route.';
      sink.report('warning', 'conflict', attachment.policy.resource.position(attachment.path), message, help);
    }
  }
}

function settingsOf({ spec, keys }: Policy): string {
  return toCanonicalJson({ ...spec, targetRefs: [], keys });
}

/** What the dialect's own resources ask for gives way. */
function reportReplaced(route: Route, action: ForwardAction, { resource, spec }: Policy, sink: DiagnosticSink): void {
  const { affinity, affinityOrigin } = action;
  if (affinity.kind === 'none' || (affinity.kind === 'hash' && spec.carrier.length === 0)) return;
  const { source, line, column } = affinityOrigin ?? route.origin;
  const message = `the affinity asked for here gives way to SessionPolicy ${nameOf(resource)}`;
  sink.report('note', 'ignored-field', { source, line, column, endColumn: column }, message);
}

function reportUnreached({ policy, target, path }: Attachment, { sink }: AttachContext): void {
  const { resource, section, port } = target;
  const part = section === '' ? (port === null ? '' : `port ${port} of `) : `rule ${section} of `;
  const message = `no request is forwarded by ${part}${resource.kind} ${nameOf(resource)}, so this has no effect`;
  const isRoute = resource.kind === 'HTTPRoute' || resource.kind === 'VirtualService';
  const said = isRoute ? message : message.replace('forwarded by', 'forwarded to');
  sink.report('warning', 'no-affinity', policy.resource.position(path), said);
}
