import type { TcpKeepalive, UpstreamProtocol } from '../../model/cluster.ts';
import { originOf } from '../../resources/resource.ts';
import { emitClientTls } from './emit-tls.ts';
import type { IstioPort, IstioService } from './istio-service.ts';
import { isHttp2 } from './port-protocol.ts';
import type { ClusterPolicy, Place } from './resolve-policy.ts';
import type { ConnectionPool, TcpKeepaliveSpec } from './schema-connection-pool.ts';
import type { TlsDefaults } from './schema-mesh-config.ts';

/** What says how a cluster's endpoints are spoken to. */
export interface UpstreamSpec {
  readonly service: IstioService;
  readonly port: IstioPort;
  readonly subset: string;
  readonly policy: ClusterPolicy;
  readonly upstreamPlace: Place | null;
  readonly mesh: UpstreamDefaults;
}

/** What the mesh says where no rule does. */
export interface UpstreamDefaults {
  /** The gateway's, where secrets without a namespace are. */
  readonly namespace: string;
  readonly tcpKeepalive: TcpKeepaliveSpec | null;
  /** Whether ports with HTTP are spoken to in HTTP/2. */
  readonly h2UpgradePolicy: 'DO_NOT_UPGRADE' | 'UPGRADE';
  readonly tlsDefaults: TlsDefaults;
}

export function emitUpstream(spec: UpstreamSpec): UpstreamProtocol {
  const { service, port, policy, upstreamPlace: place, mesh } = spec;
  const pool = policy.connectionPool;
  const http = emitHttpVersion(port, pool, mesh);
  const streams = pool?.http.maxConcurrentStreams ?? 0;
  const tls = policy.tls === null ? null : emitClientTls(policy.tls, http === 'http2', toTlsNames(spec));
  return {
    http,
    maxConcurrentStreams: http === 'http2' && streams > 0 ? streams : null,
    tls,
    proxyHeader: policy.proxyProtocol === null ? null : policy.proxyProtocol.version === 'V1' ? 'v1' : 'v2',
    keepalive: emitKeepalive(mesh.tcpKeepalive, pool?.tcp.tcpKeepalive ?? null),
    maxDurationMillis: pool?.tcp.maxConnectionDuration || null,
    origin: place === null ? originOf(service.resource) : originOf(place.resource, place.path),
  };
}

/** A rule's word beats the port's name, and that the mesh's. */
function emitHttpVersion(
  { protocol }: IstioPort,
  pool: ConnectionPool | null,
  { h2UpgradePolicy }: UpstreamDefaults,
): UpstreamProtocol['http'] {
  if (pool?.http.useClientProtocol) return 'sameAsClient';
  const policy = pool?.http.h2UpgradePolicy ?? 'DEFAULT';
  const isHttp = protocol === 'HTTP' || protocol === 'HTTP_PROXY';
  const isUpgraded = policy === 'UPGRADE' || (policy === 'DEFAULT' && h2UpgradePolicy === 'UPGRADE' && isHttp);
  return isHttp2(protocol) || isUpgraded ? 'http2' : 'http1';
}

/** Field by field, the rule's before the mesh's. */
function emitKeepalive(mesh: TcpKeepaliveSpec | null, rule: TcpKeepaliveSpec | null): TcpKeepalive | null {
  if (mesh === null && rule === null) return null;
  return {
    probes: rule?.probes || mesh?.probes || null,
    idleMillis: rule?.time ?? mesh?.time ?? null,
    intervalMillis: rule?.interval ?? mesh?.interval ?? null,
  };
}

/** The SNI of the mesh's own TLS names the cluster, in a form that a DNS name may have. */
function toTlsNames({ service, port, subset, mesh }: UpstreamSpec): Parameters<typeof emitClientTls>[2] {
  return {
    namespace: mesh.namespace,
    meshSni: `outbound_.${port.number}_.${subset}_.${service.host}`,
    subjectAltNames: service.subjectAltNames,
    defaults: mesh.tlsDefaults,
  };
}
