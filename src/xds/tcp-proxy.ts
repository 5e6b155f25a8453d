import type { FilterChain, TcpProxy } from '../model/listener.ts';
import { duration, extension, type Message, message } from './proto-json.ts';

/** Envoy ends connections that idle for an hour unless told otherwise. */
const DEFAULT_IDLE_MILLIS = 3_600_000;

/** The network filter of a chain that passes bytes on. */
export function emitTcpProxy({ name }: FilterChain, proxy: TcpProxy): Message {
  const { targets, idleTimeoutMillis, maxDurationMillis } = proxy;
  const [only] = targets;
  const clusters = targets.map(({ cluster, weight }) => ({ name: cluster, weight }));
  const fields = message({
    statPrefix: only !== undefined && targets.length === 1 ? only.cluster : name,
    ...(only !== undefined && targets.length === 1 ? { cluster: only.cluster } : { weightedClusters: { clusters } }),
    hashPolicy: proxy.hashSourceIp ? [{ sourceIp: {} }] : [],
    idleTimeout: idleTimeoutMillis === DEFAULT_IDLE_MILLIS ? null : duration(idleTimeoutMillis ?? 0),
    maxDownstreamConnectionDuration: maxDurationMillis === null ? null : duration(maxDurationMillis),
  });
  return extension('envoy.filters.network.tcp_proxy', 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', fields);
}
