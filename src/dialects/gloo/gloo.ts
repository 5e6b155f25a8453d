import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { HashPolicy } from '../../model/affinity.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ForwardAction, Route } from '../../model/route.ts';
import type { GatewayAttachment, RouteTarget } from '../../resources/attachment.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { nameOf } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { emitCluster } from './emit-cluster.ts';
import { emitHashPolicy, emitHeaderOps, isRetryCondition, overlayForward, retryWords } from './emit-options.ts';
import { type MergedOptions, resolveRouteOptions } from './resolve-options.ts';
import { type ResolvedUpstream, resolveUpstream } from './resolve-upstreams.ts';

/** Kinds that this dialect reads. */
export const GLOO_KINDS: readonly (readonly [group: string, kind: string])[] = [
  ['gloo.solo.io', 'Upstream'],
  ['gateway.solo.io', 'RouteOption'],
];

/** Envoy's route timeout, which Gloo leaves in place (dialects.md §1.4). */
const DEFAULT_TIMEOUT_MILLIS = 15_000;

/** Gloo Gateway on the Gateway API: Upstreams as backends, RouteOptions on routes, Gloo's defaults on its own Gateways. */
export function attachGloo(resources: ResourceSet, kubernetes: Kubernetes, sink: DiagnosticSink): GatewayAttachment {
  const options = resolveRouteOptions(resources, sink);
  const upstreams = new Map<string, { resolved: ResolvedUpstream; cluster: Cluster }>();
  return {
    ownsClass: (className, controllerName) => className === 'gloo-gateway' || controllerName === 'solo.io/gloo-gateway',
    serverHeader: 'envoy',
    backendKinds: [['gloo.solo.io', 'Upstream']],
    filterKinds: [['gateway.solo.io', 'RouteOption']],
    backend({ namespace, name }) {
      const resolved = resolveUpstream(namespace, name, resources, kubernetes, sink);
      if (resolved === null) return null;
      const cluster = emitCluster(resolved, sink);
      upstreams.set(cluster.name, { resolved, cluster });
      return cluster.name;
    },
    apply(target, route) {
      const merged = options.for(target);
      const policies = resolveHashPolicies(merged, sink);
      const { action } = route;
      if (action.kind !== 'forward') {
        reportHashWithoutForward(merged, action.kind, sink);
        return withHeaders(route, merged);
      }
      const limited =
        target.isOwnGateway && !target.hasTimeout ? { ...action, timeoutMillis: DEFAULT_TIMEOUT_MILLIS } : action;
      reportUselessHash(target, action, merged, policies, upstreams, sink);
      reportRetryWords(merged, sink);
      return withHeaders({ ...route, action: overlayForward(limited, merged, policies) }, merged);
    },
    clusters: () => [...upstreams.values()].map(({ cluster }) => cluster),
  };
}

/** Its header operations replace those of the route's own filters (dialects.md §1.4). */
function withHeaders(route: Route, { headerManipulation }: MergedOptions): Route {
  if (headerManipulation === null) return route;
  return {
    ...route,
    requestHeaders: emitHeaderOps(headerManipulation.value, 'request'),
    responseHeaders: emitHeaderOps(headerManipulation.value, 'response'),
  };
}

function resolveHashPolicies({ lbHash }: MergedOptions, sink: DiagnosticSink): HashPolicy[] {
  const policies: HashPolicy[] = [];
  for (const [index, policy] of (lbHash?.value.hashPolicies ?? []).entries()) {
    const emitted = policy === null ? null : emitHashPolicy(policy);
    if (emitted !== null) policies.push(emitted);
    if (emitted !== null || policy === null) continue;
    const at = lbHash?.resource.position(['spec', 'options', 'lbHash', 'hashPolicies', index]);
    const help = 'Add header, cookie or sourceIp: true.';
    if (at !== undefined)
      sink.report('warning', 'no-affinity', at, 'this hash policy has no key, so it has no effect', help);
  }
  return policies;
}

function reportHashWithoutForward({ lbHash }: MergedOptions, kind: string, sink: DiagnosticSink): void {
  if (lbHash === null) return;
  const at = lbHash.resource.position(['spec', 'options', 'lbHash'], 'key');
  sink.report(
    'error',
    'conflict',
    at,
    `lbHash has no place on a route that answers by itself (${kind})`,
    'Target routes that forward to a backend.',
  );
}

/** A hash takes two: a route that computes it and an Upstream that places by it. Gloo says nothing where one is missing. */
function reportUselessHash(
  target: RouteTarget,
  action: ForwardAction,
  { lbHash }: MergedOptions,
  policies: readonly HashPolicy[],
  upstreams: ReadonlyMap<string, { resolved: ResolvedUpstream; cluster: Cluster }>,
  sink: DiagnosticSink,
): void {
  for (const { cluster: name } of action.targets) {
    if (name === '') continue;
    const upstream = upstreams.get(name);
    const isHashing = upstream?.cluster.balancer.kind === 'ringHash' || upstream?.cluster.balancer.kind === 'maglev';
    if (isHashing && policies.length === 0) {
      const { resource } = upstream.resolved;
      const field = upstream.cluster.balancer.kind;
      const message = `HTTPRoute ${nameOf(target.route)} gives no hash to Upstream ${nameOf(resource)}, so its requests go to random endpoints`;
      const help = 'Attach a RouteOption with lbHash to the route.';
      sink.report(
        'warning',
        'no-affinity',
        resource.position(['spec', 'loadBalancerConfig', field], 'key'),
        message,
        help,
      );
    }
    if (!isHashing && lbHash !== null && policies.length > 0) {
      const what =
        upstream === undefined
          ? `the Service behind HTTPRoute ${nameOf(target.route)}`
          : `Upstream ${nameOf(upstream.resolved.resource)}`;
      const message = `${what} does not place requests by hash, so this lbHash has no effect there and sets no cookie`;
      const help =
        upstream === undefined
          ? 'Use an Upstream with ringHash or maglev as the backend.'
          : 'Give the Upstream loadBalancerConfig.ringHash or maglev.';
      sink.report(
        'warning',
        'no-affinity',
        lbHash.resource.position(['spec', 'options', 'lbHash'], 'key'),
        message,
        help,
      );
    }
  }
}

function reportRetryWords({ retries }: MergedOptions, sink: DiagnosticSink): void {
  if (retries === null) return;
  for (const word of retryWords(retries.value.retryOn)) {
    if (isRetryCondition(word)) continue;
    const at = retries.resource.position(['spec', 'options', 'retries', 'retryOn']);
    sink.report('warning', 'unsupported-field', at, `retrying on ${JSON.stringify(word)} is not supported`);
  }
}
