import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import { clusterName } from './emit-cluster.ts';
import type { IstioService } from './istio-service.ts';
import type { IstioOptions } from './options.ts';
import type { ClusterPlan } from './resolve-clusters.ts';
import type { DestinationRule, DestinationRules } from './resolve-destination-rules.ts';
import { toFullHost } from './resolve-names.ts';
import type { ServiceRegistry } from './resolve-services.ts';
import type { Destination } from './schema-http-action.ts';

/** What actions are resolved with. */
export interface ActionContext {
  readonly registry: ServiceRegistry;
  readonly rules: DestinationRules;
  readonly clusters: ClusterPlan;
  readonly options: IstioOptions;
  readonly sink: DiagnosticSink;
}

/** Where a `destination` sits, for what there is to say about it. */
export interface DestinationPlace {
  readonly resource: Resource;
  readonly path: FieldPath;
  /** Port of the server that the route is for. */
  readonly listenerPort: number;
}

export interface ResolvedDestination {
  readonly cluster: string;
  /** The service as the route's namespace knows it. */
  readonly service: IstioService | undefined;
  readonly rule: DestinationRule | null;
  readonly port: number;
  /** The destination names its port. */
  readonly isPortNamed: boolean;
}

/** The cluster that a destination means, which then is in the plan (istio-affinity §2, §6). */
export function resolveDestination(
  context: ActionContext,
  destination: Destination,
  { resource, path, listenerPort }: DestinationPlace,
): ResolvedDestination {
  const { registry, rules, clusters, options } = context;
  const { namespace } = resource.metadata;
  const written = registry.forRoute(toFullHost(destination.host, namespace, options.clusterDomain), namespace);
  const named = destination.port?.number ?? null;
  const onlyPort = written.service?.ports.length === 1 ? written.service.ports[0] : undefined;
  const port = named ?? onlyPort?.number ?? listenerPort;
  // What an ExternalName Service stands for is served, if a ServiceEntry knows it; its rule and its ports are its own.
  const { host, service } = written.alias === null ? written : registry.forRoute(written.alias, namespace);
  checkDestination(context, destination, host, service && (registry.visible(host) ?? service), port, resource, path);
  const rule = written.service === undefined ? null : rules.find(written.host, written.service.namespace);
  if (destination.subset !== '' && service !== undefined && !rule?.subsets.has(destination.subset)) {
    const at = resource.position([...path, 'subset']);
    const message = `no DestinationRule for ${host} defines the subset ${JSON.stringify(destination.subset)}`;
    context.sink.report('warning', 'unresolved-reference', at, message, 'Its requests are answered 503.');
  }
  clusters.use(host, port, destination.subset);
  const cluster = clusterName(host, port, destination.subset);
  return { cluster, service: written.service, rule, port, isPortNamed: named !== null };
}

/** What does not exist is named all the same, as Istio does: its requests are answered 503. */
function checkDestination(
  { sink }: ActionContext,
  { host: writtenHost, port: writtenPort }: Destination,
  host: string,
  service: IstioService | undefined,
  port: number,
  resource: Resource,
  path: FieldPath,
): void {
  if (service === undefined) {
    const isPartial = writtenHost.includes('.') && host === writtenHost.toLowerCase();
    const help = isPartial ? 'A name with a dot is taken as it is: write the full name.' : '';
    const at = resource.position([...path, 'host']);
    sink.report('warning', 'unresolved-reference', at, `there is no Service ${host} that this gateway sees`, help);
    return;
  }
  if (service.ports.some((candidate) => candidate.number === port)) return;
  const ports = service.ports.map((candidate) => candidate.number).join(', ') || 'none';
  const message =
    writtenPort === null
      ? `${host} has several ports, so the listener's port ${port} is taken, which is none of them`
      : `${host} has no port ${port}`;
  const at = resource.position(writtenPort === null ? path : [...path, 'port', 'number']);
  sink.report(
    'warning',
    'unresolved-reference',
    at,
    message,
    `Set destination.port.number to one of its ports: ${ports}.`,
  );
}
