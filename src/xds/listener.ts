import type { FilterChain, Listener } from '../model/listener.ts';
import { emitConnectionManager } from './connection-manager.ts';
import type { EmitContext } from './emit-context.ts';
import { extension, type Message, message } from './proto-json.ts';
import { emitTcpProxy } from './tcp-proxy.ts';
import { emitServerTls } from './tls-context.ts';

const TLS_INSPECTOR = extension(
  'envoy.filters.listener.tls_inspector',
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
);
const PROXY_PROTOCOL = extension(
  'envoy.filters.listener.proxy_protocol',
  'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol',
);

/** A Listener; null: none of its filter chains can be had. */
export function emitListener(context: EmitContext, listener: Listener): Message | null {
  const filterChains = listener.chains
    .map((chain) => emitChain(context, listener, chain))
    .filter((chain) => chain !== null);
  if (filterChains.length === 0) return null;
  const looksAtTls = listener.chains.some(({ serverNames, tls }) => serverNames.length > 0 || tls !== null);
  return message({
    name: listener.name,
    address: { socketAddress: { address: listener.address, portValue: listener.port } },
    listenerFilters: [...(listener.proxyProtocol ? [PROXY_PROTOCOL] : []), ...(looksAtTls ? [TLS_INSPECTOR] : [])],
    filterChains,
    trafficDirection: 'OUTBOUND',
  });
}

function emitChain(context: EmitContext, listener: Listener, chain: FilterChain): Message | null {
  const { name, serverNames, tls, proxy, origin } = chain;
  const transportSocket = tls === null ? null : emitServerTls(context, tls, origin);
  if (tls !== null && transportSocket === null) return null;
  const filter =
    proxy.kind === 'http' ? emitConnectionManager(context, listener, chain, proxy) : emitTcpProxy(chain, proxy);
  return message({
    name,
    filterChainMatch: serverNames.length === 0 ? null : { serverNames: [...serverNames] },
    transportSocket,
    filters: [filter],
  });
}
