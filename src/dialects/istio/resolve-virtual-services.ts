import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { byAge, nameOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { decodeIstio } from './decode-istio.ts';
import type { GatewayServer } from './gateway-server.ts';
import type { IstioOptions } from './options.ts';
import { type PlacedRule, type ReadVirtualService, resolveRules } from './resolve-delegates.ts';
import type { Gateways } from './resolve-gateways.ts';
import { intersectHosts, isExportedTo, orDefault, toFullHost, toGatewayName } from './resolve-names.ts';
import { virtualServiceRules } from './rules-virtual-service.ts';
import type { TcpMatch, TcpRule, TlsRule } from './schema-l4-rule.ts';
import { type VirtualServiceSpec, virtualServiceSpec } from './schema-virtual-service.ts';

export interface VirtualService {
  readonly resource: Resource;
  /** Full names, lower case. */
  readonly hosts: readonly string[];
  /** `namespace/name`. */
  readonly gateways: readonly string[];
  readonly rules: readonly PlacedRule[];
  /** null: a rule that can't be read. */
  readonly tcp: readonly (TcpRule | null)[];
  readonly tls: readonly (TlsRule | null)[];
}

/** What one server brings to a host: its rules, in the terms of its own port. */
export interface BoundRules {
  readonly service: VirtualService;
  readonly server: GatewayServer;
}

/** A host served on a port, with everything bound to it in match order. */
export interface ResolvedHost {
  readonly host: string;
  /** The declared port, which the virtual host is named by. */
  readonly port: number;
  readonly httpsRedirect: boolean;
  readonly bound: readonly BoundRules[];
  readonly server: GatewayServer;
}

/** The VirtualServices that this gateway sees and that name a gateway at all, in the order in which they are merged. */
export function resolveVirtualServices(
  resources: ResourceSet,
  gateways: Gateways,
  options: IstioOptions,
  sink: DiagnosticSink,
): VirtualService[] {
  const read = readVirtualServices(resources, options, sink);
  const byName = new Map(read.map((one) => [nameOf(one.resource), one]));
  const ranked: { rank: number; service: VirtualService }[] = [];
  for (const one of read) {
    const { resource, spec } = one;
    const { namespace } = resource.metadata;
    // Without hosts it is a delegate, which is served where another one names it.
    if (spec.hosts.length === 0) continue;
    if (!isExportedTo(spec.exportTo, namespace, options.namespace)) {
      const message = `VirtualService ${nameOf(resource)} is not exported to the gateway's namespace ${options.namespace}`;
      sink.report(
        'warning',
        'unresolved-reference',
        resource.position(['spec', 'exportTo']),
        message,
        'It is not served here.',
      );
      continue;
    }
    const service: VirtualService = {
      resource,
      hosts: spec.hosts.map((host) => toFullHost(host, namespace, options.clusterDomain)),
      gateways: gatewayNames(spec, resource, gateways, sink),
      rules: resolveRules(one, byName, sink),
      tcp: spec.tcp,
      tls: spec.tls,
    };
    ranked.push({ rank: visibilityRank(spec.exportTo, namespace, options), service });
  }
  // The sort is stable, so age decides inside a rank.
  return ranked.sort((a, b) => a.rank - b.rank).map(({ service }) => service);
}

function readVirtualServices(
  resources: ResourceSet,
  { mesh }: IstioOptions,
  sink: DiagnosticSink,
): ReadVirtualService[] {
  return resources
    .ofKind('networking.istio.io', 'VirtualService')
    .toSorted(byAge)
    .flatMap((resource) => {
      const spec = decodeIstio(resource, virtualServiceSpec, virtualServiceRules, sink);
      if (spec === null) return [];
      const exportTo = orDefault(spec.exportTo, mesh.defaultVirtualServiceExportTo);
      return [{ resource, spec: { ...withFullGateways(spec, resource), exportTo } }];
    });
}

/** Gateways of matches are named from the VirtualService that they stand in, which may be a delegate. */
function withFullGateways(spec: VirtualServiceSpec, { metadata }: Resource): VirtualServiceSpec {
  const inMatches = <R extends { readonly match: readonly TcpMatch[] }>(rule: R | null): R | null => {
    if (rule === null) return null;
    const match = rule.match.map((item) => ({
      ...item,
      gateways: item.gateways.map((name) => toGatewayName(name, metadata.namespace) ?? name),
    }));
    return { ...rule, match };
  };
  return { ...spec, http: spec.http.map(inMatches), tcp: spec.tcp.map(inMatches), tls: spec.tls.map(inMatches) };
}

/** Those of this namespace that are not for all come first, then those exported to it by name, then the public ones. */
function visibilityRank(exportTo: readonly string[], namespace: string, options: IstioOptions): number {
  if (exportTo.includes('*')) return 2;
  if (namespace === options.namespace && (exportTo.includes('.') || exportTo.includes(namespace))) return 0;
  return exportTo.includes(options.namespace) ? 1 : 2;
}

function gatewayNames(
  spec: VirtualServiceSpec,
  resource: Resource,
  gateways: Gateways,
  sink: DiagnosticSink,
): string[] {
  if (spec.gateways.length === 0) {
    const message = `VirtualService ${nameOf(resource)} names no gateway, so it is for the mesh alone`;
    sink.report(
      'note',
      'ignored-field',
      resource.position(['spec'], 'key'),
      message,
      'Add spec.gateways to serve it here.',
    );
  }
  const names: string[] = [];
  for (const [index, reference] of spec.gateways.entries()) {
    const name = toGatewayName(reference, resource.metadata.namespace);
    if (name === null) continue;
    names.push(name);
    if (gateways.names.has(name)) continue;
    const at = resource.position(['spec', 'gateways', index]);
    sink.report(
      'warning',
      'unresolved-reference',
      at,
      `there is no Gateway ${name}`,
      "A name without a namespace is looked up in the VirtualService's own.",
    );
  }
  return names;
}

/**
 * The hosts of servers that share their routes: one for each meeting of a server's host with a VirtualService's, the
 * narrower of the two (istio-affinity §3).
 */
export function resolveHosts(
  servers: readonly GatewayServer[],
  services: readonly VirtualService[],
  bound: Set<VirtualService>,
): ResolvedHost[] {
  const hosts = new Map<string, { port: number; httpsRedirect: boolean; bound: BoundRules[]; server: GatewayServer }>();
  const hostEntry = (host: string, server: GatewayServer) => {
    const entry = hosts.get(host) ?? { port: server.port, httpsRedirect: false, bound: [], server };
    hosts.set(host, entry);
    if (server.tls?.httpsRedirect) entry.httpsRedirect = true;
    return entry;
  };
  for (const server of servers) {
    for (const service of services) {
      if (!service.gateways.includes(server.gateway)) continue;
      for (const host of meetingHosts(server, service)) {
        hostEntry(host, server).bound.push({ service, server });
        bound.add(service);
      }
    }
    // A redirect to https needs no VirtualService.
    if (server.tls?.httpsRedirect) for (const { host } of server.hosts) hostEntry(host, server);
  }
  return [...hosts].map(([host, entry]) => ({ host, ...entry }));
}

/** The hosts that a server takes for a VirtualService. */
export function meetingHosts(server: GatewayServer, service: VirtualService): Set<string> {
  const found = new Set<string>();
  for (const { namespace, host } of server.hosts) {
    if (namespace !== null && namespace !== service.resource.metadata.namespace) continue;
    for (const wanted of service.hosts) {
      const met = intersectHosts(host, wanted);
      if (met !== null) found.add(met);
    }
  }
  return found;
}
