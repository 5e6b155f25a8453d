import type { Affinity } from '../../model/affinity.ts';
import type {
  ClientAddressPolicy,
  FilterChain,
  HttpProxy,
  Listener,
  PathNormalization,
  VirtualHost,
} from '../../model/listener.ts';
import type { Route } from '../../model/route.ts';
import { compareText, originOf } from '../../resources/resource.ts';
import { isCatchAll } from './emit-match.ts';
import { emitSession } from './emit-session.ts';
import { emitServerTls } from './emit-tls.ts';
import type { GatewayServer } from './gateway-server.ts';
import type { IstioOptions } from './options.ts';
import type { GatewayPort } from './resolve-ports.ts';
import type { ResolvedStream } from './resolve-streams.ts';
import type { HostSession, SharedHosts } from './resolve-virtual-hosts.ts';
import type { GatewayTopology, MeshConfig } from './schema-mesh-config.ts';

/**
 * A gateway at the edge believes no proxy before it but those the mesh counts, and tells the pods whom it talked to
 * (istio-affinity §3).
 */
function emitClientAddress({ numTrustedProxies: trustedHops }: GatewayTopology): ClientAddressPolicy {
  return {
    source: { kind: 'remoteAddress', trustedHops, appendForwardedFor: true },
    internalCidrs: [],
    requestId: 'generate',
    requestIdInResponse: false,
    scheme: null,
  };
}

/** Envoy's, where no rule names one. */
const STREAM_IDLE_MILLIS = 3_600_000;

const FORMS: Readonly<Record<MeshConfig['pathNormalization']['normalization'], PathNormalization>> = {
  DEFAULT: 'base',
  NONE: 'none',
  BASE: 'base',
  MERGE_SLASHES: 'mergeSlashes',
  DECODE_AND_MERGE_SLASHES: 'decodeAndMergeSlashes',
};

export function emitListener(
  { port, bind, servers }: GatewayPort,
  chains: readonly FilterChain[],
  { defaultConfig: { gatewayTopology: topology }, pathNormalization }: MeshConfig,
): Listener {
  return {
    name: `${bind}_${port}`,
    address: bind,
    port,
    clientAddress: emitClientAddress(topology),
    proxyProtocol: topology.proxyProtocol !== null,
    pathNormalization: FORMS[pathNormalization.normalization],
    serverHeader: 'istio-envoy',
    chains,
    origin: serverOrigin(firstOf(servers)),
  };
}

/** The plain text servers of a port, which have their routes in common. `port` is what is listened on. */
export function emitPlainChain(port: number, servers: readonly GatewayServer[], proxy: HttpProxy): FilterChain {
  const server = firstOf(servers);
  return { name: `http.${port}${bindSuffix(server)}`, serverNames: [], tls: null, proxy, origin: serverOrigin(server) };
}

/** What TLS takes from the gateway and the mesh. */
type TlsOptions = Pick<IstioOptions, 'namespace' | 'mesh'>;

/** A server that ends TLS and reads requests. */
export function emitHttpsChain(server: GatewayServer, proxy: HttpProxy, options: TlsOptions): FilterChain {
  return { name: `https.${serverName(server)}`, ...emitTlsServer(server, options), proxy };
}

/** A server that takes bytes; inside TLS that it ends where it has any. */
export function emitTcpChain(server: GatewayServer, stream: ResolvedStream, options: TlsOptions): FilterChain {
  return { name: `tcp.${serverName(server)}`, ...emitTlsServer(server, options), proxy: emitTcpProxy(stream) };
}

/** Connections with one of some SNIs, passed on still encrypted. */
export function emitPassthroughChain(server: GatewayServer, stream: ResolvedStream): FilterChain {
  return {
    name: `tls.${serverName(server)}.${stream.sniHosts[0]}`,
    serverNames: emitServerNames(stream.sniHosts),
    tls: null,
    proxy: emitTcpProxy(stream),
    origin: originOf(stream.resource, stream.path),
  };
}

function emitTlsServer(server: GatewayServer, { namespace, mesh }: TlsOptions): Omit<FilterChain, 'name' | 'proxy'> {
  const { kind, tls, hosts } = server;
  return {
    serverNames: tls === null ? [] : emitServerNames(hosts.map(({ host }) => host)),
    tls: tls === null ? null : emitServerTls(tls, kind === 'tcp', namespace, mesh.tlsDefaults),
    origin: serverOrigin(server),
  };
}

/** `*` beside other names leaves them nothing to say. */
function emitServerNames(names: readonly string[]): readonly string[] {
  return names.includes('*') ? [] : [...new Set(names)].sort(compareText);
}

function emitTcpProxy(stream: ResolvedStream): FilterChain['proxy'] {
  const idle = stream.idleTimeoutMillis ?? STREAM_IDLE_MILLIS;
  return {
    kind: 'tcp',
    targets: stream.targets,
    hashSourceIp: stream.hashSourceIp,
    idleTimeoutMillis: idle === 0 ? null : idle,
    maxDurationMillis: stream.maxDurationMillis,
  };
}

/** As Istio names a server's routes (istio-affinity §3): the declared port, and the Gateway's name before its namespace. */
function serverName(server: GatewayServer): string {
  const { name, namespace } = server.resource.metadata;
  return `${server.port}.${server.portName}.${name}.${namespace}${bindSuffix(server)}`;
}

function bindSuffix({ bind }: GatewayServer): string {
  return bind === '' ? '' : `.${bind}`;
}

function serverOrigin({ resource, path }: GatewayServer): Listener['origin'] {
  return originOf(resource, path);
}

function firstOf(servers: readonly GatewayServer[]): GatewayServer {
  const [server] = servers;
  if (server === undefined) throw new Error('a gateway port has a server');
  return server;
}

/** The virtual hosts of servers that share their routes, by name. */
export function emitHttpProxy(servers: readonly GatewayServer[], hosts: readonly SharedHosts[]): HttpProxy {
  const virtualHosts = hosts.length > 0 ? hosts.map(emitVirtualHost) : [blackhole(firstOf(servers))];
  return { kind: 'http', virtualHosts: virtualHosts.sort((a, b) => compareText(a.name, b.name)) };
}

function emitVirtualHost({ first, domains, routes, session }: SharedHosts): VirtualHost {
  const { host, port, httpsRedirect, bound, server } = first;
  return {
    name: `${host}:${port}`,
    domains,
    requireTls: httpsRedirect,
    includeAttemptCount: true,
    routes: catchAllsLast(routes).map((route) => withSession(route, session)),
    origin: bound[0] === undefined ? serverOrigin(server) : originOf(bound[0].service.resource),
  };
}

/** The host's session, where the route has none of its own. */
function withSession(route: Route, session: HostSession | null): Route {
  const { action } = route;
  if (session === null || action.kind !== 'forward' || action.affinity.kind === 'session') return route;
  const fallback = action.affinity.kind === 'hash' ? action.affinity.policies : [];
  const affinity: Affinity = { kind: 'session', session: emitSession(session.label), fallback };
  return { ...route, action: { ...action, affinity, affinityOrigin: session.origin } };
}

/** Routes of several VirtualServices for one host follow each other; only what takes everything goes last. */
function catchAllsLast(routes: readonly Route[]): Route[] {
  return [...routes.filter(({ match }) => !isCatchAll(match)), ...routes.filter(({ match }) => isCatchAll(match))];
}

/** Nothing is bound to the servers: every request is answered 404. */
function blackhole(server: GatewayServer): VirtualHost {
  return {
    name: `blackhole:${server.port}`,
    domains: ['*'],
    requireTls: false,
    includeAttemptCount: false,
    routes: [],
    origin: serverOrigin(server),
  };
}
