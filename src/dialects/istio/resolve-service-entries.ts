import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { canonicalIp, formatAddress } from '../../model/address.ts';
import type { Discovery, EndpointHealth, EndpointIdentity, Locality } from '../../model/cluster.ts';
import { compareText, type FieldPath, nameOf, originOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { decodeIstio } from './decode-istio.ts';
import { type IstioPort, type IstioService, type PlacedEndpoint, toSessionLabel } from './istio-service.ts';
import type { IstioOptions } from './options.ts';
import { parseProtocol } from './port-protocol.ts';
import { serviceEntryRules } from './rules-service-entry.ts';
import { workloadEntryRules } from './rules-workload.ts';
import type { MeshConfig } from './schema-mesh-config.ts';
import {
  type ServiceEntryPort,
  type ServiceEntrySpec,
  serviceEntrySpec,
  type Workload,
  workloadEntrySpec,
} from './schema-service-entry.ts';

/** Where an endpoint of a ServiceEntry is written: inline, or as a WorkloadEntry of its own. */
interface PlacedWorkload {
  readonly workload: Workload;
  readonly resource: Resource;
  readonly path: FieldPath;
  readonly identity: EndpointIdentity;
}

/** A WorkloadEntry that can be read. */
export interface NamedWorkload {
  readonly workload: Workload;
  readonly resource: Resource;
}

export function readWorkloadEntries(resources: ResourceSet, sink: DiagnosticSink): NamedWorkload[] {
  return resources.ofKind('networking.istio.io', 'WorkloadEntry').flatMap((resource) => {
    const workload = decodeIstio(resource, workloadEntrySpec, workloadEntryRules, sink);
    return workload === null ? [] : [{ workload, resource }];
  });
}

/** One service for each host of a ServiceEntry; none, with a diagnostic, where it can't be read. */
export function serviceEntriesOf(
  resource: Resource,
  entries: readonly NamedWorkload[],
  { sessionLabels, mesh }: IstioOptions,
  sink: DiagnosticSink,
): IstioService[] {
  const spec = decodeIstio(resource, serviceEntrySpec, serviceEntryRules, sink);
  if (spec === null) return [];
  const workloads = [...inlineWorkloads(resource, spec), ...selectedWorkloads(resource, spec, entries)];
  const ports = spec.ports.filter((port) => port !== null);
  if (spec.resolution === 'DYNAMIC_DNS') {
    const message = `names are not looked up as they are asked for, so ${nameOf(resource)} has no endpoints`;
    const at = resource.position(['spec', 'resolution']);
    sink.report('warning', 'unsupported-field', at, message, 'Name each host in a ServiceEntry with resolution DNS.');
    return [];
  }
  return spec.hosts.map((host) => ({
    host: host.toLowerCase(),
    namespace: resource.metadata.namespace,
    alias: null,
    ports: ports.map(({ name, number, protocol }) => ({ name, number, protocol: parseProtocol(protocol) })),
    discovery: discoveryOf(spec, mesh),
    subjectAltNames: spec.subjectAltNames,
    trafficDistribution: null,
    session: toSessionLabel(resource.metadata.labels, sessionLabels),
    exportTo: spec.exportTo,
    resource,
    mergeKey: mergeKeyOf(resource, spec),
    endpoints: (port) => endpointsOf(host.toLowerCase(), spec, ports, workloads, port, resource),
  }));
}

/** What istiod asks to be the same before it adds the ports of one ServiceEntry to another's. */
function mergeKeyOf({ metadata }: Resource, { resolution, workloadSelector, exportTo }: ServiceEntrySpec): string {
  const sorted = (labels: Readonly<Record<string, string>>) =>
    Object.entries(labels).sort(([a], [b]) => compareText(a, b));
  const selector = sorted(workloadSelector?.labels ?? {});
  return JSON.stringify([metadata.namespace, resolution, sorted(metadata.labels), selector, exportTo.toSorted()]);
}

function discoveryOf({ resolution }: ServiceEntrySpec, { dnsRefreshRate }: MeshConfig): Discovery {
  if (resolution === 'STATIC' || resolution === 'NONE') return { kind: 'listed' };
  return { kind: 'dns', everyAddress: resolution === 'DNS', refreshMillis: dnsRefreshRate };
}

function inlineWorkloads(resource: Resource, spec: ServiceEntrySpec): PlacedWorkload[] {
  const identity = { uid: '', namespace: '', name: '' };
  return spec.endpoints.flatMap((workload, index) =>
    workload === null ? [] : [{ workload, resource, path: ['spec', 'endpoints', index], identity }],
  );
}

function selectedWorkloads(
  resource: Resource,
  spec: ServiceEntrySpec,
  entries: readonly NamedWorkload[],
): PlacedWorkload[] {
  const wanted = Object.entries(spec.workloadSelector?.labels ?? {});
  if (wanted.length === 0) return [];
  return entries.flatMap(({ workload, resource: entry }) => {
    const { namespace, name, uid, labels } = entry.metadata;
    if (namespace !== resource.metadata.namespace) return [];
    const all = { ...labels, ...workload.labels };
    if (!wanted.every(([key, value]) => all[key] === value)) return [];
    return [
      { workload: { ...workload, labels: all }, resource: entry, path: ['spec'], identity: { uid, namespace, name } },
    ];
  });
}

function endpointsOf(
  host: string,
  spec: ServiceEntrySpec,
  ports: readonly ServiceEntryPort[],
  workloads: readonly PlacedWorkload[],
  port: IstioPort,
  resource: Resource,
): PlacedEndpoint[] {
  // With NONE the sidecar would forward to the address the client asked for; a gateway has no such address.
  if (spec.resolution === 'NONE') return [];
  const targetPort = ports.find((candidate) => candidate.number === port.number)?.targetPort ?? port.number;
  const isNamed = spec.resolution !== 'STATIC';
  if (isNamed && workloads.length === 0) {
    const self: Workload = { address: host, ports: {}, labels: {}, weight: 0, locality: '' };
    const identity = { uid: '', namespace: '', name: '' };
    return [place({ workload: self, resource, path: ['spec', 'hosts'], identity }, targetPort, port, 'unknown')];
  }
  return workloads
    .filter(({ workload }) => isNamed || canonicalIp(workload.address) !== null)
    .map((workload) => place(workload, targetPort, port, 'unknown'));
}

function place(placed: PlacedWorkload, targetPort: number, port: IstioPort, health: EndpointHealth): PlacedEndpoint {
  const { workload, resource, path, identity } = placed;
  const number = workload.ports[port.name] ?? targetPort;
  const host = canonicalIp(workload.address) ?? workload.address.toLowerCase();
  return {
    nodeName: '',
    locality: toLocality(workload.locality || (workload.labels['istio-locality'] ?? '').replaceAll('.', '/')),
    endpoint: {
      address: formatAddress(host, number),
      host,
      port: number,
      identity,
      hostname: '',
      hashKey: '',
      weight: workload.weight || 1,
      health,
      labels: workload.labels,
      origin: originOf(resource, path),
    },
  };
}

function toLocality(text: string): Locality {
  const [region = '', zone = '', subZone = ''] = text.split('/');
  return { region, zone, subZone };
}
