import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { byAge, type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { decodeIstio } from './decode-istio.ts';
import type { GatewayServer, ServerHost, ServerKind } from './gateway-server.ts';
import type { IstioOptions } from './options.ts';
import { toFullHost } from './resolve-names.ts';
import { type GatewayPort, PortMerger } from './resolve-ports.ts';
import { gatewayRules } from './rules-gateway.ts';
import { gatewaySpec, PLAIN_PROTOCOLS, type Server } from './schema-gateway.ts';

export interface Gateways {
  readonly ports: readonly GatewayPort[];
  /** Every Gateway there is, whether this gateway serves it or not, as `namespace/name`. */
  readonly names: ReadonlySet<string>;
}

/** The servers of every Gateway that selects this gateway, oldest first, by port (istio-affinity §2). */
export function resolveGateways(
  resources: ResourceSet,
  kubernetes: Kubernetes,
  options: IstioOptions,
  sink: DiagnosticSink,
): Gateways {
  const merger = new PortMerger(sink);
  const all = resources.ofKind('networking.istio.io', 'Gateway').toSorted(byAge);
  for (const resource of all) {
    const spec = decodeIstio(resource, gatewaySpec, gatewayRules, sink);
    if (spec === null) continue;
    if (options.ownGatewaysOnly && resource.metadata.namespace !== options.namespace) {
      const message = `Gateway ${nameOf(resource)} is not in the gateway's namespace ${options.namespace}`;
      sink.report(
        'warning',
        'unresolved-reference',
        resource.position(['metadata', 'name']),
        message,
        'It is not served here; `--istio namespace=NAME` says where the gateway is.',
      );
      continue;
    }
    if (!isSelected(spec.selector, options)) {
      const message = `Gateway ${nameOf(resource)} selects other gateways than this one`;
      const help = `This one has the labels ${formatLabels(options.labels)}; \`--istio labels=KEY=VALUE,...\` gives it others.`;
      sink.report('warning', 'unresolved-reference', resource.position(['spec', 'selector'], 'key'), message, help);
      continue;
    }
    for (const [index, written] of spec.servers.entries()) {
      if (written === null) continue;
      const path = ['spec', 'servers', index];
      const kind = serverKind(written, resource, path, sink);
      if (kind === null) continue;
      const server = toGatewayServer(kind, written, resource, path, options);
      merger.add(server, translatePort(server.port, kubernetes, options));
    }
  }
  return { ports: merger.ports, names: new Set(all.map(nameOf)) };
}

function toGatewayServer(
  kind: ServerKind,
  server: Server,
  resource: Resource,
  path: FieldPath,
  options: IstioOptions,
): GatewayServer {
  return {
    kind,
    gateway: nameOf(resource),
    resource,
    path,
    port: server.port.number,
    portName: server.port.name,
    bind: server.bind ?? '',
    hosts: server.hosts.map((host) => toServerHost(host, resource.metadata.namespace, options)),
    tls: server.tls,
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

/** null: the server can't be served, which is said. */
function serverKind(
  { port, tls }: Server,
  resource: Resource,
  path: FieldPath,
  sink: DiagnosticSink,
): ServerKind | null {
  const protocol = port.protocol.toUpperCase();
  if (PLAIN_PROTOCOLS.has(protocol)) return 'http';
  // The rules have asked for tls where the protocol needs it.
  if (tls === null) return 'tcp';
  const leaveOut = (at: FieldPath, message: string, help: string): null => {
    const whole = `${message}; this server is left out`;
    sink.report('warning', 'unsupported-field', resource.position([...path, ...at]), whole, help);
    return null;
  };
  const narrowing = (['caCrl', 'verifyCertificateSpki', 'verifyCertificateHash'] as const).find(
    (key) => tls[key] != null,
  );
  if (narrowing !== undefined) {
    const message = `what ${narrowing} keeps out would be let in without it`;
    return leaveOut(['tls', narrowing], message, `Do without ${narrowing}.`);
  }
  switch (tls.mode) {
    case null:
    case 'PASSTHROUGH':
      return 'passthrough';
    case 'AUTO_PASSTHROUGH':
      return leaveOut(['tls', 'mode'], 'clusters of several networks are not joined here', '');
    default:
      return protocol === 'HTTPS' ? 'https' : 'tcp';
  }
}

function toServerHost(written: string, namespace: string, options: IstioOptions): ServerHost {
  const slash = written.indexOf('/');
  const host = toFullHost(written.slice(slash + 1), namespace, options.clusterDomain);
  if (slash === -1) return { namespace: null, host };
  const prefix = written.slice(0, slash);
  return { namespace: prefix === '*' ? null : prefix === '.' ? namespace : prefix, host };
}

/** A Service that has this label translates no ports (Knative's way around two Services for one port). */
const KEEP_PORTS_LABEL = 'experimental.istio.io/disable-gateway-port-translation';

/** Behind a Service whose port the server declares, the gateway's pod listens on that port's target (istio-affinity §2). */
function translatePort(declared: number, kubernetes: Kubernetes, options: IstioOptions): number {
  for (const service of kubernetes.services) {
    const selector = Object.entries(service.selector);
    const isOurs = service.namespace === options.namespace && selector.length > 0;
    if (
      !isOurs ||
      service.labels[KEEP_PORTS_LABEL] !== undefined ||
      !selector.every(([key, value]) => options.labels[key] === value)
    )
      continue;
    const port = service.ports.find((candidate) => candidate.port === declared);
    if (port === undefined) continue;
    // A target port by name is looked up in the endpoints, as only the pod knows its number.
    if (typeof port.targetPort === 'string') return kubernetes.endpoints(service, port)[0]?.port ?? declared;
    return port.targetPort ?? declared;
  }
  return declared;
}
