import { digest } from '../../model/digest.ts';
import type { ClientAddressPolicy, Listener, VirtualHost } from '../../model/listener.ts';
import type { Route } from '../../model/route.ts';
import { compareText, originOf } from '../../resources/resource.ts';
import { isCatchAll } from './emit-match.ts';
import type { GatewayPort } from './resolve-gateways.ts';
import { isWildcard } from './resolve-names.ts';
import type { ResolvedHost } from './resolve-virtual-services.ts';

/** A gateway at the edge believes no proxy before it, and tells the pods whom it talked to (istio-affinity §3). */
const CLIENT_ADDRESS: ClientAddressPolicy = {
  source: { kind: 'remoteAddress', trustedHops: 0, appendForwardedFor: true },
  internalCidrs: [],
  requestId: 'generate',
  requestIdInResponse: false,
  scheme: null,
};

export function emitListener(port: GatewayPort, hosts: readonly VirtualHost[]): Listener {
  const [server] = port.servers;
  if (server === undefined) throw new Error('a gateway port has a server');
  const virtualHosts = hosts.length > 0 ? collapse(hosts) : [blackhole(port)];
  const origin = originOf(server.resource, server.path);
  return {
    name: `${port.bind}_${port.port}`,
    address: port.bind,
    port: port.port,
    clientAddress: CLIENT_ADDRESS,
    proxyProtocol: false,
    serverHeader: 'istio-envoy',
    chains: [
      { name: routeConfigName(port), serverNames: [], tls: null, proxy: { kind: 'http', virtualHosts }, origin },
    ],
    origin,
  };
}

/** Istio's name of the routes of a plain-text port (istio-affinity §3). */
function routeConfigName({ port, bind }: GatewayPort): string {
  return bind === '0.0.0.0' ? `http.${port}` : `http.${port}.${bind}`;
}

export function emitVirtualHost(resolved: ResolvedHost, routes: readonly Route[]): VirtualHost {
  const [first] = resolved.bound;
  return {
    name: `${resolved.host}:${resolved.port}`,
    domains: [resolved.host],
    requireTls: resolved.httpsRedirect,
    includeAttemptCount: true,
    routes: catchAllsLast(routes),
    origin:
      first === undefined ? originOf(resolved.server.resource, resolved.server.path) : originOf(first.service.resource),
  };
}

/** Routes of several VirtualServices for one host follow each other; only what takes everything goes last. */
function catchAllsLast(routes: readonly Route[]): Route[] {
  return [...routes.filter(({ match }) => !isCatchAll(match)), ...routes.filter(({ match }) => isCatchAll(match))];
}

/** Hosts with the same routes become one virtual host, named after the first by name, wildcards last (istio-affinity §3). */
function collapse(hosts: readonly VirtualHost[]): VirtualHost[] {
  const groups = Map.groupBy(
    hosts.toSorted((a, b) => Number(isWildcard(a.name)) - Number(isWildcard(b.name)) || compareText(a.name, b.name)),
    ({ routes, requireTls, name }) => digest({ routes, requireTls, port: name.slice(name.lastIndexOf(':')) }),
  );
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    return first === undefined ? [] : [{ ...first, domains: members.flatMap(({ domains }) => domains) }];
  });
}

/** Nothing is bound to the port: every request is answered 404. */
function blackhole(port: GatewayPort): VirtualHost {
  const [server] = port.servers;
  if (server === undefined) throw new Error('a gateway port has a server');
  return {
    name: `blackhole:${server.port}`,
    domains: ['*'],
    requireTls: false,
    includeAttemptCount: false,
    routes: [],
    origin: originOf(server.resource, server.path),
  };
}
