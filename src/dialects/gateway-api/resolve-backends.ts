import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { Cluster } from '../../model/cluster.ts';
import { type GatewayAttachment, includesKind, type ObjectReference } from '../../resources/attachment.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import { clusterName, emitCluster } from './emit-cluster.ts';
import type { Grants } from './resolve-grants.ts';
import type { BackendRef } from './schema-http-route.ts';

/** Finds the clusters that backendRefs name and keeps those of Services. */
export interface Backends {
  /** Name of the cluster; null, with a diagnostic, where the backend is invalid: its share is answered 500. */
  resolve(backend: BackendRef, resource: Resource, path: FieldPath): string | null;
  clusters(): readonly Cluster[];
}

export function createBackends(
  kubernetes: Kubernetes,
  attachments: readonly GatewayAttachment[],
  isGranted: Grants,
  sink: DiagnosticSink,
): Backends {
  const clusters = new Map<string, Cluster>();
  return {
    resolve(backend, resource, path) {
      const namespace = backend.namespace ?? resource.metadata.namespace;
      const reference: ObjectReference = { ...backend, namespace, resource, path };
      const refuse = (field: string, message: string, help = 'Its share of the requests is answered 500.'): null => {
        sink.report('error', 'unresolved-reference', resource.position([...path, field]), message, help);
        return null;
      };
      const isService = backend.group === '' && backend.kind === 'Service';
      const owner = attachments.find(({ backendKinds }) => includesKind(backendKinds, backend.group, backend.kind));
      const what = `${backend.kind} ${namespace}/${backend.name}`;
      if (!isService && owner === undefined)
        return refuse('kind', `a backend can't be a ${backend.kind} of group ${JSON.stringify(backend.group)}`);
      if (!isGranted(reference)) {
        const help = `Add a ReferenceGrant in namespace ${namespace}. Until then its share of the requests is answered 500.`;
        return refuse('namespace', `no ReferenceGrant lets this route use ${what}`, help);
      }
      if (owner !== undefined)
        return owner.backend(reference) ?? refuse('name', `there is no ${what} that can be served`);
      const service = kubernetes.service(namespace, backend.name);
      if (service === undefined) return refuse('name', `there is no ${what}`);
      if (backend.port === null) return refuse('name', `a port is needed for ${what}`);
      const port = service.ports.find((candidate) => candidate.port === backend.port);
      if (port === undefined) {
        const ports = service.ports.map((candidate) => candidate.port).join(', ') || 'none';
        return refuse(
          'port',
          `${what} has no port ${backend.port}`,
          `Its ports: ${ports}. Its share of the requests is answered 500.`,
        );
      }
      const name = clusterName(service, port.port);
      if (!clusters.has(name)) {
        const cluster = emitCluster(service, port, kubernetes);
        clusters.set(name, cluster);
        if (cluster.groups.length === 0) {
          const message = `port ${port.port} of ${what} has no endpoint that may serve`;
          sink.report(
            'warning',
            'no-endpoints',
            service.resource.position(['metadata', 'name']),
            message,
            'Its requests are answered 503.',
          );
        }
      }
      return name;
    },
    clusters: () => [...clusters.values()],
  };
}
