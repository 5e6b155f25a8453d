import type { ClientAddressPolicy, Listener, VirtualHost } from '../../model/listener.ts';
import type { Route } from '../../model/route.ts';
import { compareText, originOf } from '../../resources/resource.ts';
import type { GatewayListener } from './resolve-listeners.ts';

const CLIENT_ADDRESS: ClientAddressPolicy = {
  source: { kind: 'remoteAddress', trustedHops: 0, appendForwardedFor: true },
  internalCidrs: [],
  requestId: 'generate',
  requestIdInResponse: false,
  scheme: null,
};

/**
 * The Gateway listeners of one port as one: their hostnames become virtual hosts. A listener's own hostname is always
 * one, so that a request that belongs to it never falls through to a less specific listener.
 */
export function emitListener(
  listeners: readonly GatewayListener[],
  routes: ReadonlyMap<string, readonly Route[]>,
): Listener {
  const [first] = listeners;
  if (first === undefined) throw new Error('a port has a listener');
  const ofHost = new Map<string, GatewayListener>(listeners.map((listener) => [listener.hostname, listener]));
  const hostnames = new Set([...routes.keys(), ...ofHost.keys()]);
  const { port } = first.spec;
  const virtualHosts = [...hostnames].sort(compareText).map((hostname): VirtualHost => {
    const origin =
      routes.get(hostname)?.[0]?.origin ??
      originOf((ofHost.get(hostname) ?? first).gateway, (ofHost.get(hostname) ?? first).path);
    return {
      name: `${hostname}:${port}`,
      domains: [hostname],
      requireTls: false,
      includeAttemptCount: false,
      routes: routes.get(hostname) ?? [],
      origin,
    };
  });
  const origin = originOf(first.gateway, first.path);
  return {
    name: `0.0.0.0_${port}`,
    address: '0.0.0.0',
    port,
    clientAddress: CLIENT_ADDRESS,
    proxyProtocol: false,
    pathNormalization: 'base',
    serverHeader: first.owner?.serverHeader ?? null,
    chains: [{ name: `http.${port}`, serverNames: [], tls: null, proxy: { kind: 'http', virtualHosts }, origin }],
    origin,
  };
}
