import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { Locality } from '../../model/cluster.ts';
import { NO_LOCALITY } from '../../model/cluster.ts';
import type { Resource } from '../resource.ts';
import type { ResourceSet } from '../resource-set.ts';
import type { KubernetesEndpoint } from './endpoint.ts';
import { decodeEndpointSlice, type EndpointSlice } from './endpoint-slice.ts';
import { decodeEndpoints } from './endpoints.ts';
import { decodeService, type Service, type ServicePort } from './service.ts';

/** Kubernetes' own objects, decoded once and looked up by every dialect. */
export interface Kubernetes {
  /** Sorted by namespace and name. */
  readonly services: readonly Service[];
  service(namespace: string, name: string): Service | undefined;
  /** Every endpoint behind the Service's port, whatever its conditions, each address once; empty where there is none. */
  endpoints(service: Service, port: ServicePort): readonly KubernetesEndpoint[];
  /** Where a node says it is, by its well-known labels. */
  nodeLocality(nodeName: string): Locality;
  namespaceLabels(name: string): Readonly<Record<string, string>>;
}

/** Kinds of Kubernetes that are read here. */
export const KUBERNETES_KINDS: readonly (readonly [group: string, kind: string])[] = [
  ['', 'Service'],
  ['', 'Endpoints'],
  ['', 'Pod'],
  ['', 'Secret'],
  ['', 'Node'],
  ['', 'Namespace'],
  ['discovery.k8s.io', 'EndpointSlice'],
];

export function createKubernetes(resources: ResourceSet, sink: DiagnosticSink): Kubernetes {
  const services = decodeAll(resources.ofKind('', 'Service'), (resource) => decodeService(resource, sink));
  const serviceByName = new Map(services.map((service) => [`${service.namespace}/${service.name}`, service]));
  const slices = slicesByService(resources, sink);
  return {
    services,
    service: (namespace, name) => serviceByName.get(`${namespace}/${name}`),
    endpoints: (service, port) => {
      const found = slices.get(`${service.namespace}/${service.name}`) ?? [];
      return collectEndpoints(resources, service, port, found);
    },
    nodeLocality: (nodeName) => localityOf(resources.get('', 'Node', '', nodeName)),
    namespaceLabels: (name) => resources.get('', 'Namespace', '', name)?.metadata.labels ?? {},
  };
}

function decodeAll<T>(found: readonly Resource[], decode: (resource: Resource) => T | null): T[] {
  return found.map(decode).filter((item) => item !== null);
}

/** By `namespace/service`. `Endpoints` count only where no slice does: a cluster mirrors each into the other. */
function slicesByService(resources: ResourceSet, sink: DiagnosticSink): ReadonlyMap<string, readonly EndpointSlice[]> {
  const keyOf = (slice: EndpointSlice) => `${slice.resource.metadata.namespace}/${slice.serviceName}`;
  const slices = decodeAll(resources.ofKind('discovery.k8s.io', 'EndpointSlice'), (resource) =>
    decodeEndpointSlice(resource, sink),
  );
  const older = resources.ofKind('', 'Endpoints').flatMap((resource) => decodeEndpoints(resource, sink));
  return new Map([...Map.groupBy(older, keyOf), ...Map.groupBy(slices, keyOf)]);
}

/** Slices by name, endpoints as listed: rings depend on the order, so it has to be the same on every replica. */
function collectEndpoints(
  resources: ResourceSet,
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
): KubernetesEndpoint[] {
  const byAddress = new Map<string, KubernetesEndpoint>();
  for (const slice of preferredFamily(service, slices)) {
    const number = slice.ports.find((candidate) => candidate.name === port.name)?.port;
    if (number === undefined) continue;
    for (const { addressAt, family: _family, ...endpoint } of slice.endpoints) {
      const address = addressAt(number);
      if (byAddress.has(address)) continue;
      const { namespace, name, uid } = endpoint.identity;
      const pod = name === '' ? undefined : resources.get('', 'Pod', namespace, name);
      const identity = { ...endpoint.identity, uid: uid || (pod?.metadata.uid ?? '') };
      byAddress.set(address, { ...endpoint, address, port: number, identity, labels: pod?.metadata.labels ?? {} });
    }
  }
  return [...byAddress.values()];
}

/** A dual-stack Service lists each pod once for each family; two endpoints for one pod would split its sessions. */
function preferredFamily(service: Service, slices: readonly EndpointSlice[]): readonly EndpointSlice[] {
  const families = new Set(slices.map((slice) => slice.family));
  if (families.size < 2) return slices;
  const preferred = service.ipFamilies[0] ?? 'IPv4';
  return slices.filter((slice) => slice.family === preferred);
}

function localityOf(node: Resource | undefined): Locality {
  if (node === undefined) return NO_LOCALITY;
  const { labels } = node.metadata;
  return {
    region: labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '',
    zone: labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '',
    subZone: labels['topology.istio.io/subzone'] ?? '',
  };
}
