import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeSpec } from '../../resources/decode.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { byAgeThenNamespace, type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { mostSpecific, servedHostnames } from './resolve-hostnames.ts';
import { allowsHttpRoutes, allowsNamespace, type GatewayListener } from './resolve-listeners.ts';
import { type HttpRouteSpec, httpRouteSpec, type ParentRef } from './schema-http-route.ts';

export interface HttpRoute {
  readonly resource: Resource;
  readonly spec: HttpRouteSpec;
}

/** A route at one listener, under the hostnames that both have. */
export interface AttachedRoute {
  readonly route: HttpRoute;
  readonly listener: GatewayListener;
  readonly hostnames: readonly string[];
}

/** Every HTTPRoute at every listener that takes it, oldest route first; what attaches nowhere is reported. */
export function resolveAttachedRoutes(
  resources: ResourceSet,
  listeners: readonly GatewayListener[],
  kubernetes: Kubernetes,
  sink: DiagnosticSink,
): AttachedRoute[] {
  const attached: AttachedRoute[] = [];
  for (const resource of resources.ofKind('gateway.networking.k8s.io', 'HTTPRoute').toSorted(byAgeThenNamespace)) {
    const spec = decodeSpec(resource, httpRouteSpec, sink);
    if (spec === null) continue;
    const route: HttpRoute = { resource, spec };
    const taken = new Set<GatewayListener>();
    for (const [index, parent] of spec.parentRefs.entries()) {
      if (parent === null || parent.kind !== 'Gateway' || parent.group !== 'gateway.networking.k8s.io') continue;
      for (const one of attachTo(
        route,
        parent,
        ['spec', 'parentRefs', index],
        listeners,
        resources,
        kubernetes,
        sink,
      )) {
        if (taken.has(one.listener)) continue;
        taken.add(one.listener);
        attached.push(one);
      }
    }
    if (spec.parentRefs.length === 0) {
      const message = `HTTPRoute ${nameOf(resource)} names no Gateway in parentRefs`;
      sink.report('warning', 'unresolved-reference', resource.position(['spec'], 'key'), message, 'It is not served.');
    }
  }
  return attached;
}

/** Each step that leaves no listener is a reason of its own (Gateway API, RouteConditionReason). */
function attachTo(
  route: HttpRoute,
  parent: ParentRef,
  path: FieldPath,
  listeners: readonly GatewayListener[],
  resources: ResourceSet,
  kubernetes: Kubernetes,
  sink: DiagnosticSink,
): AttachedRoute[] {
  const { resource, spec } = route;
  const { namespace } = resource.metadata;
  const gatewayNamespace = parent.namespace ?? namespace;
  const name = `${gatewayNamespace}/${parent.name}`;
  const refuse = (message: string): AttachedRoute[] => {
    sink.report(
      'error',
      'unresolved-reference',
      resource.position(path),
      message,
      `HTTPRoute ${nameOf(resource)} is not served there.`,
    );
    return [];
  };
  if (resources.get('gateway.networking.k8s.io', 'Gateway', gatewayNamespace, parent.name) === undefined) {
    return refuse(`there is no Gateway ${name}`);
  }
  const named = listeners.filter(
    ({ gateway, spec: listener }) =>
      nameOf(gateway) === name &&
      (parent.sectionName === null || listener.name === parent.sectionName) &&
      (parent.port === null || listener.port === parent.port),
  );
  if (named.length === 0) return refuse(`Gateway ${name} has no such listener that is served`);
  const allowed = named.filter(
    (listener) => allowsHttpRoutes(listener) && allowsNamespace(listener, namespace, kubernetes),
  );
  if (allowed.length === 0) return refuse(`Gateway ${name} does not allow HTTPRoutes of namespace ${namespace}`);
  const attached = allowed
    .map((listener) => ({ route, listener, hostnames: hostnamesAt(listener, spec.hostnames, listeners) }))
    .filter(({ hostnames }) => hostnames.length > 0);
  if (attached.length === 0) return refuse(`no listener of Gateway ${name} has a hostname in common with this route`);
  return attached;
}

/** Only hostnames whose requests belong to this listener, and not to a more specific one on its port. */
function hostnamesAt(
  listener: GatewayListener,
  hostnames: readonly string[],
  listeners: readonly GatewayListener[],
): string[] {
  const onPort = listeners.filter(({ spec }) => spec.port === listener.spec.port).map(({ hostname }) => hostname);
  return servedHostnames(listener.hostname, hostnames).filter(
    (hostname) => mostSpecific(onPort, hostname) === listener.hostname,
  );
}
