import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { type Listener, virtualHostsOf } from '../../model/listener.ts';
import type { Route } from '../../model/route.ts';
import type { DialectModel } from '../../resources/dialect.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { nameOf } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { emitCluster } from './emit-cluster.ts';
import { emitListener, emitVirtualHost } from './emit-listener.ts';
import { isCatchAll } from './emit-match.ts';
import { emitRoute } from './emit-route.ts';
import type { IstioOptions } from './options.ts';
import { createClusterPlan, reportEmptyClusters } from './resolve-clusters.ts';
import type { ActionContext } from './resolve-destination.ts';
import { createDestinationRules } from './resolve-destination-rules.ts';
import { type GatewayPort, resolveGateways } from './resolve-gateways.ts';
import { resolveRoutes } from './resolve-routes.ts';
import { createServiceRegistry } from './resolve-services.ts';
import {
  type ResolvedHost,
  resolveHosts,
  resolveVirtualServices,
  type VirtualService,
} from './resolve-virtual-services.ts';

/** Kinds that this dialect reads. */
export const ISTIO_KINDS: readonly (readonly [group: string, kind: string])[] = [
  ['networking.istio.io', 'Gateway'],
  ['networking.istio.io', 'VirtualService'],
  ['networking.istio.io', 'DestinationRule'],
  ['networking.istio.io', 'ServiceEntry'],
  ['networking.istio.io', 'WorkloadEntry'],
];

/** What an Istio ingress gateway would serve from these resources (Istio 1.30; see docs/dialects/istio.md). */
export function translateIstio(
  resources: ResourceSet,
  kubernetes: Kubernetes,
  options: IstioOptions,
  sink: DiagnosticSink,
): DialectModel {
  if (!resources.hasGroup('networking.istio.io')) return { listeners: [], clusters: [] };
  const registry = createServiceRegistry(resources, kubernetes, options, sink);
  const rules = createDestinationRules(resources, options, sink);
  const clusters = createClusterPlan(registry, rules, options, sink);
  const gateways = resolveGateways(resources, kubernetes, options, sink);
  const services = resolveVirtualServices(resources, gateways, options, sink);
  const context: ActionContext = { registry, rules, clusters, options, sink };
  const bound = new Set<VirtualService>();
  const listeners = gateways.ports.map((port) => translatePort(context, port, services, bound));
  reportUnbound(services, bound, gateways.names, sink);
  const emitted = clusters.resolved.map(emitCluster);
  const used = new Set(listeners.flatMap(clustersOf));
  const empty = emitted.filter(({ name, groups }) => used.has(name) && groups.length === 0).map(({ name }) => name);
  reportEmptyClusters(clusters.resolved, new Set(empty), sink);
  return { listeners, clusters: emitted };
}

function translatePort(
  context: ActionContext,
  port: GatewayPort,
  services: readonly VirtualService[],
  bound: Set<VirtualService>,
): Listener {
  const hosts = resolveHosts(port, services, bound);
  return emitListener(
    port,
    hosts.map((host) => emitVirtualHost(host, routesOf(context, host))),
  );
}

function routesOf(context: ActionContext, host: ResolvedHost): Route[] {
  return host.bound.flatMap(({ service, server }) => {
    const routes: Route[] = [];
    for (const rule of resolveRoutes(context, service, server)) {
      const emitted = rule.map(emitRoute);
      const end = emitted.findIndex(({ match }) => isCatchAll(match));
      // What comes after a catch-all of the same VirtualService can't be reached (istio-affinity §6).
      if (end !== -1) return [...routes, ...emitted.slice(0, end + 1)];
      routes.push(...emitted);
    }
    return routes;
  });
}

function clustersOf(listener: Listener): string[] {
  return virtualHostsOf(listener).flatMap(({ routes }) =>
    routes.flatMap(({ action }) => (action.kind === 'forward' ? action.targets.map(({ cluster }) => cluster) : [])),
  );
}

function reportUnbound(
  services: readonly VirtualService[],
  bound: ReadonlySet<VirtualService>,
  gateways: ReadonlySet<string>,
  sink: DiagnosticSink,
): void {
  for (const service of services) {
    if (bound.has(service) || !service.gateways.some((name) => gateways.has(name))) continue;
    const message = `no server of the gateways of VirtualService ${nameOf(service.resource)} takes any of its hosts`;
    const help = 'A short name stands for a Service; a server takes the hosts that its own list covers.';
    sink.report('warning', 'unresolved-reference', service.resource.position(['spec', 'hosts']), message, help);
  }
}
