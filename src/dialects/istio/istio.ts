import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { type FilterChain, type Listener, virtualHostsOf } from '../../model/listener.ts';
import type { DialectModel } from '../../resources/dialect.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { nameOf } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { emitCluster } from './emit-cluster.ts';
import {
  emitHttpProxy,
  emitHttpsChain,
  emitListener,
  emitPassthroughChain,
  emitPlainChain,
  emitTcpChain,
} from './emit-listener.ts';
import type { GatewayServer } from './gateway-server.ts';
import { lintIstio } from './lint.ts';
import type { IstioOptions } from './options.ts';
import { createClusterPlan, reportEmptyClusters, servicePorts } from './resolve-clusters.ts';
import type { ActionContext } from './resolve-destination.ts';
import { createDestinationRules } from './resolve-destination-rules.ts';
import { resolveGateways } from './resolve-gateways.ts';
import { withMeshConfig } from './resolve-mesh-config.ts';
import type { GatewayPort } from './resolve-ports.ts';
import { createServiceRegistry } from './resolve-services.ts';
import { resolvePassthrough, resolveTcpServer } from './resolve-streams.ts';
import { resolveVirtualHosts } from './resolve-virtual-hosts.ts';
import {
  type BoundRules,
  resolveHosts,
  resolveVirtualServices,
  type VirtualService,
} from './resolve-virtual-services.ts';

/** Kinds that this dialect reads; of ConfigMaps the mesh's own. */
export const ISTIO_KINDS: readonly (readonly [group: string, kind: string])[] = [
  ['networking.istio.io', 'Gateway'],
  ['networking.istio.io', 'VirtualService'],
  ['networking.istio.io', 'DestinationRule'],
  ['networking.istio.io', 'ServiceEntry'],
  ['networking.istio.io', 'WorkloadEntry'],
  ['', 'ConfigMap'],
];

/** What an Istio ingress gateway would serve from these resources (Istio 1.30; see docs/dialects/istio.md). */
export function translateIstio(
  resources: ResourceSet,
  kubernetes: Kubernetes,
  given: IstioOptions,
  sink: DiagnosticSink,
): DialectModel {
  if (!resources.hasGroup('networking.istio.io')) return { listeners: [], clusters: [], services: new Map() };
  const options = withMeshConfig(resources, given, sink);
  const registry = createServiceRegistry(resources, kubernetes, options, sink);
  const rules = createDestinationRules(resources, options, sink);
  const clusters = createClusterPlan(registry, rules, options, sink);
  const gateways = resolveGateways(resources, kubernetes, options, sink);
  const services = resolveVirtualServices(resources, gateways, options, sink);
  const context: ActionContext = { registry, rules, clusters, options, sink };
  const bound = new Set<VirtualService>();
  const listeners = gateways.ports.flatMap((port) => {
    const chains = chainsOf(context, port, services, bound);
    return chains.length === 0 ? [] : [emitListener(port, chains, options.mesh)];
  });
  reportUnbound(services, bound, gateways.names, sink);
  const emitted = clusters.resolved.map(emitCluster);
  const used = new Set(listeners.flatMap(clustersOf));
  const empty = emitted.filter(({ name, groups, discovery }) => {
    return used.has(name) && groups.length === 0 && discovery.kind !== 'originalDestination';
  });
  reportEmptyClusters(clusters.resolved, new Set(empty.map(({ name }) => name)), sink);
  lintIstio(context, resources, boundRules(gateways.ports, bound));
  return { listeners, clusters: emitted, services: servicePorts(clusters.resolved) };
}

/** The VirtualServices that are served, with the servers for requests that they name. */
function boundRules(ports: readonly GatewayPort[], bound: ReadonlySet<VirtualService>): BoundRules[] {
  const servers = ports.flatMap((port) => port.servers).filter(({ kind }) => kind === 'http' || kind === 'https');
  return [...bound].flatMap((service) =>
    servers.filter(({ gateway }) => service.gateways.includes(gateway)).map((server) => ({ service, server })),
  );
}

function chainsOf(
  context: ActionContext,
  { port, servers }: GatewayPort,
  services: readonly VirtualService[],
  bound: Set<VirtualService>,
): FilterChain[] {
  const { options } = context;
  const httpProxy = (sharing: readonly GatewayServer[]) =>
    emitHttpProxy(sharing, resolveVirtualHosts(context, resolveHosts(sharing, services, bound)));
  const plain = servers.filter(({ kind }) => kind === 'http');
  const sniHosts = new Set<string>();
  const chainsOfServer = (server: GatewayServer): readonly FilterChain[] => {
    switch (server.kind) {
      case 'http':
        return server === plain[0] ? [emitPlainChain(port, plain, httpProxy(plain))] : [];
      case 'https':
        return [emitHttpsChain(server, httpProxy([server]), options)];
      case 'tcp': {
        const stream = resolveTcpServer(context, server, services, bound);
        return stream === null ? [] : [emitTcpChain(server, stream, options)];
      }
      case 'passthrough': {
        const streams = resolvePassthrough(context, server, services, bound, sniHosts);
        return streams.map((stream) => emitPassthroughChain(server, stream));
      }
    }
  };
  return servers.flatMap(chainsOfServer);
}

function clustersOf(listener: Listener): string[] {
  const streams = listener.chains.flatMap(({ proxy }) => (proxy.kind === 'tcp' ? proxy.targets : []));
  const actions = virtualHostsOf(listener).flatMap(({ routes }) => routes.map(({ action }) => action));
  const targets = actions.flatMap((action) => (action.kind === 'forward' ? action.targets : []));
  return [...streams, ...targets].map(({ cluster }) => cluster);
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
