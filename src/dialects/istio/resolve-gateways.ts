import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeSpec } from '../../resources/decode.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { byAge, type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import type { IstioOptions } from './options.ts';
import { toFullHost } from './resolve-names.ts';
import { gatewaySpec, PLAIN_PROTOCOLS, type Server } from './schema-gateway.ts';

/** A host of a server, with the namespaces whose VirtualServices it takes. */
export interface ServerHost {
  /** null: any namespace. */
  readonly namespace: string | null;
  readonly host: string;
}

export interface GatewayServer {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  readonly resource: Resource;
  readonly path: FieldPath;
  /** As the Gateway declares it; matches and names go by this one. */
  readonly port: number;
  readonly hosts: readonly ServerHost[];
  readonly httpsRedirect: boolean;
}

/** The servers that share one address and port. */
export interface GatewayPort {
  /** What is listened on: the gateway Service may translate the declared port. */
  readonly port: number;
  readonly bind: string;
  readonly servers: readonly GatewayServer[];
}

export interface Gateways {
  readonly ports: readonly GatewayPort[];
  /** Every Gateway there is, whether this gateway serves it or not, as `namespace/name`. */
  readonly names: ReadonlySet<string>;
}

/** The plain HTTP servers of every Gateway that selects this gateway, oldest first, by port (istio-affinity §2). */
export function resolveGateways(
  resources: ResourceSet,
  kubernetes: Kubernetes,
  options: IstioOptions,
  sink: DiagnosticSink,
): Gateways {
  const ports = new Map<string, { port: number; bind: string; servers: GatewayServer[] }>();
  const all = resources.ofKind('networking.istio.io', 'Gateway').toSorted(byAge);
  const claims = new Map<string, { isPlain: boolean; by: Resource }>();
  for (const resource of all) {
    const spec = decodeSpec(resource, gatewaySpec, sink);
    if (spec === null) continue;
    if (!isSelected(spec.selector, options)) {
      const message = `Gateway ${nameOf(resource)} selects other gateways than this one`;
      const help = `This one has the labels ${formatLabels(options.labels)}.`;
      sink.report('warning', 'unresolved-reference', resource.position(['spec', 'selector'], 'key'), message, help);
      continue;
    }
    for (const [index, server] of spec.servers.entries()) {
      if (server === null) continue;
      const path = ['spec', 'servers', index];
      const bind = server.bind ?? '0.0.0.0';
      const port = translatePort(server.port.number, kubernetes, options);
      const key = `${bind}:${port}`;
      if (!claimPort(claims, key, server, resource, path, sink) || !isServable(server, resource, path, sink)) continue;
      const shared = ports.get(key) ?? { port, bind, servers: [] };
      ports.set(key, shared);
      shared.servers.push(toGatewayServer(server, resource, path, options));
    }
  }
  return { ports: [...ports.values()], names: new Set(all.map(nameOf)) };
}

function toGatewayServer(server: Server, resource: Resource, path: FieldPath, options: IstioOptions): GatewayServer {
  return {
    gateway: nameOf(resource),
    resource,
    path,
    port: server.port.number,
    hosts: server.hosts.map((host) => toServerHost(host, resource.metadata.namespace, options)),
    httpsRedirect: server.tls?.httpsRedirect ?? false,
  };
}

function isSelected(selector: Readonly<Record<string, string>>, options: IstioOptions): boolean {
  return Object.entries(selector).every(([key, value]) => options.labels[key] === value);
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** Plain text and TLS can't share a port; the older server has it. */
function claimPort(
  claims: Map<string, { isPlain: boolean; by: Resource }>,
  key: string,
  server: Server,
  resource: Resource,
  path: FieldPath,
  sink: DiagnosticSink,
): boolean {
  const isPlain = isPlainHttp(server);
  const claim = claims.get(key);
  if (claim === undefined) claims.set(key, { isPlain, by: resource });
  if (claim === undefined || claim.isPlain === isPlain) return true;
  const message = `port ${server.port.number} already serves another protocol for Gateway ${nameOf(claim.by)}; this server is left out`;
  sink.report(
    'error',
    'conflict',
    resource.position([...path, 'port']),
    message,
    'Use another port, or the same protocol on both.',
  );
  return false;
}

function isPlainHttp(server: Server): boolean {
  return PLAIN_PROTOCOLS.has(server.port.protocol.toUpperCase());
}

function isServable(server: Server, resource: Resource, path: FieldPath, sink: DiagnosticSink): boolean {
  const protocol = server.port.protocol.toUpperCase();
  if (PLAIN_PROTOCOLS.has(protocol)) return true;
  const at = resource.position([...path, 'port', 'protocol']);
  if (['HTTPS', 'TLS', 'TCP', 'MONGO', 'MYSQL', 'REDIS'].includes(protocol)) {
    sink.report(
      'error',
      'unsupported-field',
      at,
      `servers with protocol ${protocol} are not supported yet; this one is left out`,
    );
  } else {
    const help = 'Use HTTP, HTTPS, HTTP2, GRPC, TLS or TCP.';
    sink.report(
      'error',
      'invalid-field',
      at,
      `${JSON.stringify(server.port.protocol)} is no protocol; this server is left out`,
      help,
    );
  }
  return false;
}

function toServerHost(written: string, namespace: string, options: IstioOptions): ServerHost {
  const slash = written.indexOf('/');
  const host = toFullHost(written.slice(slash + 1), namespace, options.clusterDomain);
  if (slash === -1) return { namespace: null, host };
  const prefix = written.slice(0, slash);
  return { namespace: prefix === '*' ? null : prefix === '.' ? namespace : prefix, host };
}

/** Behind a Service whose port the server declares, the gateway's pod listens on that port's target (istio-affinity §2). */
function translatePort(declared: number, kubernetes: Kubernetes, options: IstioOptions): number {
  for (const service of kubernetes.services) {
    const selector = Object.entries(service.selector);
    const isOurs = service.namespace === options.namespace && selector.length > 0;
    if (!isOurs || !selector.every(([key, value]) => options.labels[key] === value)) continue;
    const port = service.ports.find((candidate) => candidate.port === declared);
    if (port === undefined) continue;
    // A target port by name is looked up in the endpoints, as only the pod knows its number.
    if (typeof port.targetPort === 'string') return kubernetes.endpoints(service, port)[0]?.port ?? declared;
    return port.targetPort ?? declared;
  }
  return declared;
}
