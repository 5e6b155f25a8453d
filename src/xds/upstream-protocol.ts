import type { Cluster, TcpKeepalive } from '../model/cluster.ts';
import type { EmitContext } from './emit-context.ts';
import { duration, extension, type Message, message, typed, unlessEmpty } from './proto-json.ts';
import { emitClientTls } from './tls-context.ts';

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const DEFAULT_IDLE_MILLIS = 3_600_000;

/** The fields of a Cluster that say how its connections are made; null: they need certificates that can't be had. */
export function emitUpstreamProtocol(context: EmitContext, cluster: Cluster): Message | null {
  const { protocol, origin } = cluster;
  const tls = protocol.tls === null ? null : emitClientTls(context, protocol.tls, origin);
  if (protocol.tls !== null && tls === null) return null;
  const options = emitHttpOptions(cluster);
  return message({
    typedExtensionProtocolOptions: options === null ? null : { [HTTP_OPTIONS]: typed(HTTP_OPTIONS, options) },
    transportSocket: protocol.proxyHeader === null ? tls : emitProxyHeader(protocol.proxyHeader, tls),
    upstreamConnectionOptions: protocol.keepalive === null ? null : { tcpKeepalive: emitKeepalive(protocol.keepalive) },
  });
}

/** null where Envoy's defaults say the same: HTTP/1.1, an hour of idling. */
function emitHttpOptions({ protocol, idleTimeoutMillis, maxRequestsPerConnection }: Cluster): Message | null {
  const common = message({
    idleTimeout: idleTimeoutMillis === DEFAULT_IDLE_MILLIS ? null : duration(idleTimeoutMillis),
    maxRequestsPerConnection,
    maxConnectionDuration: protocol.maxDurationMillis === null ? null : duration(protocol.maxDurationMillis),
  });
  const tls = emitTlsByRequest(protocol.tls);
  if (protocol.http === 'http1' && Object.keys(common).length === 0 && tls === null) return null;
  return message({
    commonHttpProtocolOptions: unlessEmpty(common),
    upstreamHttpProtocolOptions: tls,
    ...emitVersion(protocol),
  });
}

function emitVersion({ http, maxConcurrentStreams }: Cluster['protocol']): Message {
  switch (http) {
    case 'http1':
      return { explicitHttpConfig: { httpProtocolOptions: {} } };
    case 'http2':
      return { explicitHttpConfig: { http2ProtocolOptions: message({ maxConcurrentStreams }) } };
    case 'sameAsClient':
      return { useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: {} } };
  }
}

/** SNI from the request's host, and the certificate judged by it where no names are given. */
function emitTlsByRequest(tls: Cluster['protocol']['tls']): Message | null {
  if (!tls?.sniFromHost) return null;
  const checksName = tls.verify !== null && tls.verify.subjectAltNames.length === 0;
  return message({ autoSni: true, autoSanValidation: checksName || null });
}

function emitProxyHeader(version: 'v1' | 'v2', tls: Message | null): Message {
  const inner =
    tls ??
    extension('envoy.transport_sockets.raw_buffer', 'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer');
  return extension(
    'envoy.transport_sockets.upstream_proxy_protocol',
    'envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport',
    { config: message({ version: version === 'v2' ? 'V2' : null }), transportSocket: inner },
  );
}

function emitKeepalive({ probes, idleMillis, intervalMillis }: TcpKeepalive): Message {
  const seconds = (millis: number | null) => (millis === null ? null : Math.ceil(millis / 1000));
  return message({
    keepaliveProbes: probes,
    keepaliveTime: seconds(idleMillis),
    keepaliveInterval: seconds(intervalMillis),
  });
}
