import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { EndpointHealth } from '../../model/cluster.ts';
import { type KubernetesEndpoint, toEndpoint } from '../../resources/kubernetes/endpoint.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import type { Service } from '../../resources/kubernetes/service.ts';
import { byAge } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { type IstioService, toSessionLabel } from './istio-service.ts';
import type { IstioOptions } from './options.ts';
import { toPortProtocol } from './port-protocol.ts';
import { isExportedTo, orDefault } from './resolve-names.ts';
import { readWorkloadEntries, serviceEntriesOf } from './resolve-service-entries.ts';
import { sessionHosts } from './resolve-session-hosts.ts';

export interface ServiceRegistry {
  readonly all: readonly IstioService[];
  /** The one whose cluster and endpoints serve a host at the gateway. */
  visible(host: string): IstioService | undefined;
  /** The one that a route of a namespace reads its port and session label from: first its own namespace's. */
  forRoute(host: string, namespace: string): NamedService;
}

/** What a host name comes to. */
export interface NamedService {
  readonly host: string;
  readonly service: IstioService | undefined;
  /** The outside name that an ExternalName Service stands for. */
  readonly alias: string | null;
}

/** Every service the gateway may know, by host (istio-affinity §2). */
export function createServiceRegistry(
  resources: ResourceSet,
  kubernetes: Kubernetes,
  options: IstioOptions,
  sink: DiagnosticSink,
): ServiceRegistry {
  const workloads = readWorkloadEntries(resources, sink);
  const entries = resources
    .ofKind('networking.istio.io', 'ServiceEntry')
    .toSorted(byAge)
    .flatMap((resource) => serviceEntriesOf(resource, workloads, options, sink));
  const routed = sessionHosts(resources, options);
  // A Kubernetes Service beats a ServiceEntry of its name, and among those the oldest comes first.
  const visible = [
    ...kubernetes.services.map((service) => fromKubernetes(service, kubernetes, options, routed)),
    ...entries,
  ].filter(({ exportTo, namespace }) =>
    isExportedTo(orDefault(exportTo, options.mesh.defaultServiceExportTo), namespace, options.namespace),
  );
  const byHost = Map.groupBy(visible, (service) => service.host);
  const merged = new Map([...byHost].map(([host, services]) => [host, mergePorts(services)]));
  return {
    // An ExternalName Service has no endpoints of its own, and so no cluster.
    all: visible.filter(({ alias }) => alias === null),
    visible: (host) => merged.get(host),
    forRoute: (host, namespace) => {
      const service = byHost.get(host)?.find((candidate) => candidate.namespace === namespace) ?? merged.get(host);
      return { host, service, alias: service?.alias ?? null };
    },
  };
}

/** The first service of a host, with the ports that ServiceEntries like it add to it (istio-affinity §2). */
function mergePorts(services: readonly IstioService[]): IstioService | undefined {
  const [first] = services;
  if (first === undefined || first.mergeKey === null) return first;
  const owners = new Map<number, IstioService>();
  for (const service of services.filter(({ mergeKey }) => mergeKey === first.mergeKey)) {
    for (const { number } of service.ports) if (!owners.has(number)) owners.set(number, service);
  }
  return {
    ...first,
    ports: [...owners].flatMap(([number, owner]) => owner.ports.filter((port) => port.number === number).slice(0, 1)),
    endpoints: (port) => owners.get(port.number)?.endpoints(port) ?? [],
  };
}

function fromKubernetes(
  service: Service,
  kubernetes: Kubernetes,
  options: IstioOptions,
  sessionHosts: ReadonlySet<string>,
): IstioService {
  const host = `${service.name}.${service.namespace}.svc.${options.clusterDomain}`.toLowerCase();
  const session = toSessionLabel(service.labels, options.sessionLabels);
  const hasSession = session !== null || options.isSessionTarget(service.resource) || sessionHosts.has(host);
  const trafficDistribution = distributionOf(service);
  const sendsUnhealthy = options.sendUnhealthyEndpoints || trafficDistribution !== null;
  const exportTo = service.annotations['networking.istio.io/exportTo'] ?? '';
  return {
    host,
    alias: service.externalName?.toLowerCase() ?? null,
    namespace: service.namespace,
    ports: service.ports.map((port) => ({ name: port.name, number: port.port, protocol: toPortProtocol(port) })),
    discovery: { kind: 'listed' },
    subjectAltNames: [],
    trafficDistribution,
    session,
    exportTo: exportTo === '' ? [] : exportTo.split(',').map((to) => to.trim()),
    resource: service.resource,
    mergeKey: null,
    endpoints: (port) => {
      const servicePort = service.ports.find((candidate) => candidate.port === port.number);
      if (servicePort === undefined) return [];
      return kubernetes.endpoints(service, servicePort).flatMap((found) => {
        const health = healthOf(found, hasSession, sendsUnhealthy, options.drainingLabel);
        if (health === null) return [];
        const { nodeName } = found;
        return [{ endpoint: toEndpoint(found, health), locality: kubernetes.nodeLocality(nodeName), nodeName }];
      });
    },
  };
}

/**
 * istio-affinity §7, in its order; null: never sent. Istio keeps draining endpoints for the cookie label alone; here
 * the header label keeps them too, or its sessions would end with the first sign of a rollout.
 */
function healthOf(
  endpoint: KubernetesEndpoint,
  hasSession: boolean,
  sendsUnhealthy: boolean,
  drainingLabel: string,
): EndpointHealth | null {
  if (endpoint.ready ?? true) {
    const isDraining = (endpoint.labels[drainingLabel] ?? '') !== '';
    if (!isDraining) return 'healthy';
    return hasSession ? 'draining' : null;
  }
  const isTerminating = endpoint.terminating ?? true;
  if (hasSession && (endpoint.serving ?? true) && isTerminating) return 'draining';
  return sendsUnhealthy && !isTerminating ? 'unhealthy' : null;
}

const DISTRIBUTIONS: Readonly<Record<string, 'sameZone' | 'sameNode'>> = {
  preferclose: 'sameZone',
  prefersamezone: 'sameZone',
  prefersamenode: 'sameNode',
};

/** The field, and the annotation that is older. */
function distributionOf({ trafficDistribution, annotations }: Service): IstioService['trafficDistribution'] {
  const annotation = annotations['networking.istio.io/traffic-distribution'] ?? '';
  return DISTRIBUTIONS[(trafficDistribution ?? annotation).toLowerCase()] ?? null;
}
