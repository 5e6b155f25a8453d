import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { HashPolicy } from '../../model/affinity.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Mirror, Route } from '../../model/route.ts';
import type { GatewayAttachment } from '../../resources/attachment.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { nameOf } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import type { ServicePortRef } from '../../resources/session-targets.ts';
import { emitCluster } from './emit-cluster.ts';
import { emitHashPolicy, emitHeaderOps, overlayForward } from './emit-options.ts';
import { type KnownUpstream, reportUselessHash } from './resolve-hash.ts';
import { type MergedOptions, resolveRouteOptions } from './resolve-options.ts';
import { resolveUpstream } from './resolve-upstreams.ts';

/** Kinds that this dialect reads. */
export const GLOO_KINDS: readonly (readonly [group: string, kind: string])[] = [
  ['gloo.solo.io', 'Upstream'],
  ['gateway.solo.io', 'RouteOption'],
];

/** Envoy's route timeout, which Gloo leaves in place (docs/dialects/gloo.md). */
const DEFAULT_TIMEOUT_MILLIS = 15_000;

/** Gloo Gateway on the Gateway API: Upstreams as backends, RouteOptions on routes, Gloo's defaults on its own Gateways. */
export function attachGloo(resources: ResourceSet, kubernetes: Kubernetes, sink: DiagnosticSink): GatewayAttachment {
  const options = resolveRouteOptions(resources, sink);
  const upstreams = resolveUpstreams(resources, kubernetes, sink);
  const used = new Map<string, Cluster>();
  const use = (namespace: string, name: string): string | null => {
    const cluster = upstreams.get(`${namespace}/${name}`)?.cluster;
    if (cluster === undefined) return null;
    used.set(cluster.name, cluster);
    return cluster.name;
  };
  const mirrorsOf = ({ shadowing }: MergedOptions): Mirror[] => {
    if (shadowing === null) return [];
    const { upstream, percentage } = shadowing.value;
    const cluster = use(upstream.namespace, upstream.name);
    if (cluster !== null) return percentage === 0 ? [] : [{ cluster, percent: percentage }];
    const at = shadowing.resource.position(['spec', 'options', 'shadowing', 'upstream', 'name']);
    const message = `there is no Upstream ${upstream.namespace}/${upstream.name} that can be served`;
    sink.report('error', 'unresolved-reference', at, message, 'It gets no copies.');
    return [];
  };
  return {
    ownsClass: (className, controllerName) => className === 'gloo-gateway' || controllerName === 'solo.io/gloo-gateway',
    serverHeader: 'envoy',
    backendKinds: [['gloo.solo.io', 'Upstream']],
    filterKinds: [['gateway.solo.io', 'RouteOption']],
    backend: ({ namespace, name }) => use(namespace, name),
    apply(target, route) {
      const merged = options.for(target);
      const { action } = route;
      if (action.kind !== 'forward') {
        reportHashWithoutForward(merged, action.kind, sink);
        return withHeaders(route, merged);
      }
      const policies = hashPolicies(merged);
      reportUselessHash(target, action, merged, policies, [...upstreams.values()], sink);
      const isDefaultTimeout = target.isOwnGateway && !target.hasTimeout;
      const timed = isDefaultTimeout ? { ...action, timeoutMillis: DEFAULT_TIMEOUT_MILLIS } : action;
      return withHeaders({ ...route, action: overlayForward(timed, merged, policies, mirrorsOf(merged)) }, merged);
    },
    clusters: () => [...used.values()],
    services: () => servicesOf([...upstreams.values()]),
  };
}

/** By `namespace/name`; also those that no route uses, so that their mistakes are told. */
function resolveUpstreams(
  resources: ResourceSet,
  kubernetes: Kubernetes,
  sink: DiagnosticSink,
): ReadonlyMap<string, KnownUpstream> {
  const upstreams = new Map<string, KnownUpstream>();
  for (const resource of resources.ofKind('gloo.solo.io', 'Upstream')) {
    const resolved = resolveUpstream(resource, kubernetes, sink);
    if (resolved === null) continue;
    upstreams.set(nameOf(resource), { resource, cluster: emitCluster(resolved, sink), service: resolved.service });
  }
  return upstreams;
}

function servicesOf(upstreams: readonly KnownUpstream[]): ReadonlyMap<string, ServicePortRef> {
  return new Map(
    upstreams.flatMap(({ cluster, service }) => (service === null ? [] : [[cluster.name, service] as const])),
  );
}

/** Its header operations replace those of the route's own filters (docs/dialects/gloo.md). */
function withHeaders(route: Route, { headerManipulation }: MergedOptions): Route {
  if (headerManipulation === null) return route;
  return {
    ...route,
    requestHeaders: emitHeaderOps(headerManipulation.value, 'request'),
    responseHeaders: emitHeaderOps(headerManipulation.value, 'response'),
  };
}

function hashPolicies({ lbHash }: MergedOptions): HashPolicy[] {
  const written = lbHash?.value.hashPolicies ?? [];
  return written.map((policy) => (policy === null ? null : emitHashPolicy(policy))).filter((policy) => policy !== null);
}

function reportHashWithoutForward({ lbHash }: MergedOptions, kind: string, sink: DiagnosticSink): void {
  if (lbHash === null) return;
  const at = lbHash.resource.position(['spec', 'options', 'lbHash'], 'key');
  const message = `lbHash has no place on a route that answers by itself (${kind})`;
  sink.report('error', 'conflict', at, message, 'Target routes that forward to a backend.');
}
