import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { Cluster } from '../../model/cluster.ts';
import { type GatewayAttachment, includesKind, type ObjectReference } from '../../resources/attachment.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import type { Service, ServicePort } from '../../resources/kubernetes/service.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import type { ServicePortRef } from '../../resources/session-targets.ts';
import { clusterName, emitCluster } from './emit-cluster.ts';
import type { Grants } from './resolve-grants.ts';
import type { BackendObject } from './schema-filter.ts';

/** Finds the clusters that backendRefs name and keeps those of Services. */
export interface Backends {
  /** Name of the cluster; null, with a diagnostic that tells the consequence, where the backend can't be used. */
  resolve(backend: BackendObject, resource: Resource, path: FieldPath, consequence?: string): string | null;
  clusters(): readonly Cluster[];
  /** By the names of the clusters. */
  services(): ReadonlyMap<string, ServicePortRef>;
}

/** Gateway API, BackendRef: an invalid one keeps its share of the requests, which is answered 500. */
const INVALID_BACKEND = 'Its share of the requests is answered 500.';

export function createBackends(
  kubernetes: Kubernetes,
  attachments: readonly GatewayAttachment[],
  isGranted: Grants,
  sink: DiagnosticSink,
): Backends {
  const clusters = new Map<string, Cluster>();
  const services = new Map<string, ServicePortRef>();
  const useService = (service: Service, port: ServicePort): string => {
    const name = clusterName(service, port.port);
    if (clusters.has(name)) return name;
    const cluster = emitCluster(service, port, kubernetes);
    clusters.set(name, cluster);
    services.set(name, { resource: service.resource, port: port.port });
    if (cluster.groups.length === 0) reportEmpty(service, port, sink);
    return name;
  };
  return {
    resolve(backend, resource, path, consequence = INVALID_BACKEND) {
      const namespace = backend.namespace ?? resource.metadata.namespace;
      const reference: ObjectReference = { ...backend, namespace, resource, path };
      const what = `${backend.kind} ${namespace}/${backend.name}`;
      const refuse = (field: string, message: string, hint = ''): null => {
        const help = `${hint}${consequence}`;
        sink.report('error', 'unresolved-reference', resource.position([...path, field]), message, help);
        return null;
      };
      const isService = backend.group === '' && backend.kind === 'Service';
      const owner = attachments.find(({ backendKinds }) => includesKind(backendKinds, backend.group, backend.kind));
      if (!isService && owner === undefined) {
        return refuse('kind', `a backend can't be a ${backend.kind} of group ${JSON.stringify(backend.group)}`);
      }
      if (!isGranted(reference)) {
        const hint = `Add a ReferenceGrant in namespace ${namespace}. Until then: `;
        return refuse('namespace', `no ReferenceGrant lets this route use ${what}`, hint);
      }
      if (owner !== undefined) {
        return owner.backend(reference) ?? refuse('name', `there is no ${what} that can be served`);
      }
      const service = kubernetes.service(namespace, backend.name);
      if (service === undefined) return refuse('name', `there is no ${what}`);
      if (backend.port === null) return refuse('name', `a port is needed for ${what}`);
      const port = service.ports.find((candidate) => candidate.port === backend.port);
      if (port !== undefined) return useService(service, port);
      const ports = service.ports.map((candidate) => candidate.port).join(', ') || 'none';
      return refuse('port', `${what} has no port ${backend.port}`, `Its ports: ${ports}. `);
    },
    clusters: () => [...clusters.values()],
    services: () => services,
  };
}

function reportEmpty({ namespace, name, resource }: Service, { port }: ServicePort, sink: DiagnosticSink): void {
  const message = `port ${port} of Service ${namespace}/${name} has no endpoint that may serve`;
  const at = resource.position(['metadata', 'name']);
  sink.report('warning', 'no-endpoints', at, message, 'Its requests are answered 503.');
}
