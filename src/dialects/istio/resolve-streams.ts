import type { FieldPath, Resource } from '../../resources/resource.ts';
import type { GatewayServer } from './gateway-server.ts';
import { type ActionContext, type ResolvedDestination, resolveDestination } from './resolve-destination.ts';
import type { DestinationRule } from './resolve-destination-rules.ts';
import { blockPlace, clusterPolicy } from './resolve-policy.ts';
import { meetingHosts, type VirtualService } from './resolve-virtual-services.ts';
import type { L4Destination, TcpMatch } from './schema-l4-rule.ts';

/** Where the connections of a server go, or those of its with certain SNIs. */
export interface ResolvedStream {
  readonly targets: readonly { readonly cluster: string; readonly weight: number }[];
  readonly hashSourceIp: boolean;
  /** null: not written. 0: no limit. */
  readonly idleTimeoutMillis: number | null;
  readonly maxDurationMillis: number | null;
  /** As written; empty where the server's hosts count. */
  readonly sniHosts: readonly string[];
  readonly resource: Resource;
  readonly path: FieldPath;
}

/** The first `tcp` rule of the first VirtualService that has one for the server; null, with a warning: there is none. */
export function resolveTcpServer(
  context: ActionContext,
  server: GatewayServer,
  services: readonly VirtualService[],
  bound: Set<VirtualService>,
): ResolvedStream | null {
  for (const service of servicesOf(server, services, bound)) {
    for (const [index, rule] of service.tcp.entries()) {
      if (rule === null || rule.route.length === 0) continue;
      if (rule.match.length > 0 && !rule.match.some((match) => appliesAt(match, server))) continue;
      return resolveStream(context, service, rule.route, ['spec', 'tcp', index], server, []);
    }
  }
  reportIdle(context, server, 'tcp');
  return null;
}

/** A stream for each match of each `tls` rule; connections are told apart by SNI, and each SNI goes to the first match. */
export function resolvePassthrough(
  context: ActionContext,
  server: GatewayServer,
  services: readonly VirtualService[],
  bound: Set<VirtualService>,
  taken: Set<string>,
): ResolvedStream[] {
  const streams: ResolvedStream[] = [];
  for (const service of servicesOf(server, services, bound)) {
    for (const [index, rule] of service.tls.entries()) {
      if (rule === null || rule.route.length === 0) continue;
      const path = ['spec', 'tls', index];
      for (const [at, match] of rule.match.entries()) {
        if (!appliesAt(match, server)) continue;
        const sniHosts = match.sniHosts.map((host) => host.toLowerCase());
        if (!takeNames(context, sniHosts, taken, service.resource, [...path, 'match', at, 'sniHosts'])) continue;
        streams.push(resolveStream(context, service, rule.route, path, server, sniHosts));
      }
    }
  }
  if (streams.length === 0) reportIdle(context, server, 'tls');
  return streams;
}

function servicesOf(
  server: GatewayServer,
  services: readonly VirtualService[],
  bound: Set<VirtualService>,
): VirtualService[] {
  const found = services.filter(
    (service) => service.gateways.includes(server.gateway) && meetingHosts(server, service).size > 0,
  );
  for (const service of found) bound.add(service);
  return found;
}

function appliesAt({ port, gateways }: TcpMatch, server: GatewayServer): boolean {
  if (port !== null && port !== server.port) return false;
  return gateways.length === 0 || gateways.includes(server.gateway);
}

function takeNames(
  { sink }: ActionContext,
  names: readonly string[],
  taken: Set<string>,
  resource: Resource,
  path: FieldPath,
): boolean {
  const index = names.findIndex((name) => taken.has(name));
  if (index === -1) {
    for (const name of names) taken.add(name);
    return true;
  }
  const message = `SNI ${names[index]} is already routed on this port; this match is left out`;
  const help = 'Name each SNI in one match only.';
  sink.report('warning', 'conflict', resource.position([...path, index]), message, help);
  return false;
}

function resolveStream(
  context: ActionContext,
  { resource }: VirtualService,
  route: readonly L4Destination[],
  path: FieldPath,
  server: GatewayServer,
  sniHosts: readonly string[],
): ResolvedStream {
  const isSingle = route.length === 1;
  const resolved = route.map(({ destination, weight }, index) => {
    const place = { resource, path: [...path, 'route', index, 'destination'], listenerPort: server.port };
    return { ...resolveDestination(context, destination, place), weight, subset: destination.subset };
  });
  const served = resolved.filter(({ weight }) => isSingle || weight > 0);
  const [first] = resolved;
  const pool = first?.rule?.policy?.value.connectionPool?.tcp;
  return {
    targets: served.map(({ cluster, weight }) => ({ cluster, weight: isSingle ? 1 : weight })),
    hashSourceIp: hashesSourceIp(context, resolved),
    idleTimeoutMillis: pool?.idleTimeout ?? null,
    maxDurationMillis: pool?.maxConnectionDuration || null,
    sniHosts,
    resource,
    path,
  };
}

interface StreamDestination extends ResolvedDestination {
  readonly subset: string;
}

/**
 * Only the first destination's rule says whether source addresses are hashed, and with several destinations not its
 * subset's (istio-affinity §4). Istio does not look at port blocks here; a hash in one would make a ring for which no
 * connection has a key, so it counts here.
 */
function hashesSourceIp(context: ActionContext, destinations: readonly StreamDestination[]): boolean {
  const [first] = destinations;
  if (first === undefined) return false;
  const { rule, port, subset } = first;
  const asIstio = sourceIpHash(rule, destinations.length === 1 ? subset : '');
  const isBettered = !asIstio && clusterHash(first)?.useSourceIp === true;
  for (const destination of destinations) {
    const hash = clusterHash(destination);
    const place = blockPlace('loadBalancer', destination.rule, destination.port, destination.subset);
    if (hash === null || place === null) continue;
    const at = place.resource.position([...place.path, 'consistentHash'], 'key');
    if (destination === first && isBettered) {
      const message = `this hash applies to connections to port ${port}, too; Istio sends those to random endpoints`;
      const help = 'Set it in trafficPolicy.loadBalancer to get the same from both.';
      context.sink.report('note', 'bettered', at, message, help);
    } else if (hash.useSourceIp !== true) {
      const message = 'a connection has no key for this hash, so it goes to a random endpoint';
      context.sink.report('warning', 'no-affinity', at, message, 'Use useSourceIp: true for tcp and tls rules.');
    } else if (!asIstio && !isBettered) {
      const message = 'this hash has no effect on a tcp or tls rule whose first destination does not hash';
      context.sink.report('warning', 'no-affinity', at, message, 'Give the first destination the same loadBalancer.');
    }
  }
  return asIstio || isBettered;
}

function clusterHash({ rule, port, subset }: StreamDestination): { readonly useSourceIp: boolean | null } | null {
  return clusterPolicy(rule, port, subset).loadBalancer?.consistentHash ?? null;
}

/** A subset's load balancer stands for all of the destination's. */
function sourceIpHash(rule: DestinationRule | null, subset: string): boolean {
  const own = rule?.subsets.get(subset)?.value.trafficPolicy?.loadBalancer ?? null;
  const balancer = own ?? rule?.policy?.value.loadBalancer ?? null;
  return balancer?.consistentHash?.useSourceIp === true;
}

function reportIdle({ sink }: ActionContext, server: GatewayServer, rules: 'tcp' | 'tls'): void {
  const message = `no VirtualService has a ${rules} rule for this server, so nothing listens for it`;
  const help = `Name the Gateway in spec.gateways of a VirtualService whose hosts the server has, with a ${rules} rule for port ${server.port}.`;
  sink.report('warning', 'unresolved-reference', server.resource.position(server.path), message, help);
}
