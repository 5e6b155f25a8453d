import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { ServicePortRef } from '../../resources/session-targets.ts';
import type { ResolvedCluster } from './emit-cluster.ts';
import { clusterName } from './emit-cluster.ts';
import type { IstioPort, IstioService, PlacedEndpoint } from './istio-service.ts';
import type { IstioOptions } from './options.ts';
import type { DestinationRule, DestinationRules } from './resolve-destination-rules.ts';
import { HOSTNAME_LABEL, type LocalityRule, resolveGroups } from './resolve-locality.ts';
import { blockPlace, type ClusterPolicy, clusterPolicy, type Place } from './resolve-policy.ts';
import type { ServiceRegistry } from './resolve-services.ts';
import type { PolicyBlocks } from './schema-destination-rule.ts';
import type { LocalityLbSetting } from './schema-load-balancer.ts';

/** Gathers the clusters that routes name. One that can't exist (no such service, port or subset) is left out: 503. */
export interface ClusterPlan {
  use(host: string, port: number, subset: string): void;
  readonly resolved: readonly ResolvedCluster[];
}

export function createClusterPlan(
  registry: ServiceRegistry,
  rules: DestinationRules,
  options: IstioOptions,
  sink: DiagnosticSink,
): ClusterPlan {
  const byName = new Map<string, ResolvedCluster>();
  const use: ClusterPlan['use'] = (host, number, subset) => {
    const name = clusterName(host, number, subset);
    const service = registry.visible(host);
    const port = service?.ports.find((candidate) => candidate.number === number);
    if (byName.has(name) || service === undefined || port === undefined || port.protocol === 'UDP') return;
    const rule = rules.find(host, service.namespace);
    const definition = rule?.subsets.get(subset)?.value;
    if (subset !== '' && definition === undefined) return;
    const policy = clusterPolicy(rule, number, subset);
    const wanted = Object.entries(definition?.labels ?? {});
    const isPassthrough = policy.loadBalancer?.simple === 'PASSTHROUGH';
    const isClosed = !isTlsSayable(rule, policy, port, subset, name, sink);
    // PASSTHROUGH sends to the address that the client asked for.
    const placed = isClosed || isPassthrough ? [] : service.endpoints(port);
    const members = placed.filter(({ endpoint }) => wanted.every(([key, value]) => endpoint.labels[key] === value));
    reportKeptDraining(service, subset, members, sink);
    const locality = localityRule(service, policy, options);
    const groups = resolveGroups(members, locality, options);
    // Istio leaves a cluster out whose names nobody gives it.
    if (service.discovery.kind === 'dns' && groups.length === 0 && (isClosed || !isPassthrough)) return;
    byName.set(name, {
      service,
      port,
      subset,
      groups,
      policy,
      isClosed,
      isLocalityWeighted: options.alwaysLocalityWeighted || isLocalityWeighted(locality),
      knowsUnhealthy: options.sendUnhealthyEndpoints || service.trafficDistribution !== null,
      balancerPlace: blockPlace('loadBalancer', rule, number, subset),
      upstreamPlace: upstreamPlace(rule, policy, number, subset),
      mesh: { ...options.mesh, namespace: options.namespace },
    });
  };
  if (options.allClusters) useAll(registry, rules, use);
  return {
    use,
    get resolved() {
      return [...byName.values()];
    },
  };
}

/** Where the rule asks for TLS that can't be said, nothing is sent: never in plain text, never to whom it keeps out. */
function isTlsSayable(
  rule: DestinationRule | null,
  { tls }: PolicyBlocks,
  port: IstioPort,
  subset: string,
  cluster: string,
  sink: DiagnosticSink,
): boolean {
  if (tls === null || tls.mode === 'DISABLE') return true;
  const isUnreadable = tls.mode === 'UNREADABLE';
  if (!isUnreadable && tls.caCrl == null) return true;
  const place = blockPlace('tls', rule, port.number, subset);
  const message = isUnreadable
    ? `what this says of TLS can't be understood, so cluster ${cluster} has no endpoints`
    : `what caCrl keeps out would be let in without it, so cluster ${cluster} has no endpoints`;
  const at = place?.resource.position(isUnreadable ? place.path : [...place.path, 'caCrl'], 'key');
  const code = isUnreadable ? 'no-endpoints' : 'unsupported-field';
  if (at !== undefined) sink.report('warning', code, at, message, 'Its requests are answered 503.');
  return false;
}

/** What says how endpoints are spoken to; null: the port alone. */
function upstreamPlace(
  rule: DestinationRule | null,
  policy: ClusterPolicy,
  port: number,
  subset: string,
): Place | null {
  if (policy.tls !== null && policy.tls.mode !== 'DISABLE') return blockPlace('tls', rule, port, subset);
  if (policy.proxyProtocol !== null) {
    const own = rule?.subsets.get(subset);
    if (own?.value.trafficPolicy?.proxyProtocol) {
      return { resource: own.resource, path: [...own.path, 'trafficPolicy', 'proxyProtocol'] };
    }
    const whole = rule?.policy;
    if (whole) return { resource: whole.resource, path: [...whole.path, 'proxyProtocol'] };
  }
  return blockPlace('connectionPool', rule, port, subset);
}

/** Weights of localities count only where something makes them mean anything (istio-affinity §7). */
function isLocalityWeighted(rule: LocalityRule | null): boolean {
  if (rule === null) return false;
  const { distribute, failover, failoverPriority } = rule.setting;
  return distribute.length > 0 || (rule.canFailOver && (failover.length > 0 || failoverPriority.length > 0));
}

/** Istio keeps draining endpoints for sessions by cookie alone, and on subsets not even for those (istio-affinity §8). */
function reportKeptDraining(
  { host, session, resource }: IstioService,
  subset: string,
  members: readonly PlacedEndpoint[],
  sink: DiagnosticSink,
): void {
  const isKeptByIstio = session?.kind === 'cookie' && subset === '';
  if (session === null || isKeptByIstio || !members.some(({ endpoint }) => endpoint.health === 'draining')) return;
  const message = `draining endpoints of ${host} keep their sessions here; Istio ends them at once`;
  const why =
    subset === '' ? 'It keeps them for sessions by cookie only.' : 'It keeps them on routes without a subset only.';
  sink.report('note', 'bettered', resource.position(['metadata', 'labels'], 'key'), message, why);
}

/** The rule's own setting, the Service's traffic distribution, or the mesh's; null: off. */
function localityRule(
  { trafficDistribution }: IstioService,
  { loadBalancer, outlierDetection }: PolicyBlocks,
  { mesh }: IstioOptions,
): LocalityRule | null {
  const canFailOver = outlierDetection !== null;
  const own = loadBalancer?.localityLbSetting ?? null;
  if (own === null && trafficDistribution !== null) {
    const failoverPriority = trafficDistribution === 'sameZone' ? SAME_ZONE : SAME_NODE;
    // Endpoints that are not ready are known then, so that it shows without outlier detection who is lost.
    return { setting: { ...PREFER_NEAR, failoverPriority }, canFailOver: true };
  }
  const setting = own ?? mesh.localityLbSetting ?? PREFER_NEAR;
  return setting.enabled === false ? null : { setting, canFailOver };
}

const PREFER_NEAR: LocalityLbSetting = { enabled: true, distribute: [], failover: [], failoverPriority: [] };
const SAME_ZONE = ['topology.istio.io/network', 'topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];
const SAME_NODE = [...SAME_ZONE, 'topology.istio.io/subzone', HOSTNAME_LABEL];

function useAll(registry: ServiceRegistry, rules: DestinationRules, use: ClusterPlan['use']): void {
  for (const { host, namespace, ports } of registry.all) {
    const subsets = rules.find(host, namespace)?.subsets.keys() ?? [];
    for (const { number } of ports) {
      use(host, number, '');
      for (const subset of subsets) use(host, number, subset);
    }
  }
}

/** What clusters stand for, by their names. */
export function servicePorts(clusters: readonly ResolvedCluster[]): ReadonlyMap<string, ServicePortRef> {
  return new Map(
    clusters.map(({ service: { host, resource }, port: { number }, subset }) => [
      clusterName(host, number, subset),
      { resource, port: number },
    ]),
  );
}

/** Says where a route's cluster has nobody to answer. */
export function reportEmptyClusters(
  clusters: readonly ResolvedCluster[],
  names: ReadonlySet<string>,
  sink: DiagnosticSink,
): void {
  for (const { service, port, subset } of clusters) {
    const name = clusterName(service.host, port.number, subset);
    if (!names.has(name)) continue;
    const part = subset === '' ? '' : ` in subset ${JSON.stringify(subset)}`;
    const message = `port ${port.number} of ${service.host} has no endpoint that may serve${part}`;
    const help = 'Its requests are answered 503. Labels of a subset are compared with those of the pods.';
    sink.report(
      'warning',
      'no-endpoints',
      service.resource.position(['metadata', 'name']),
      message,
      subset === '' ? 'Its requests are answered 503.' : help,
    );
  }
}
