import { goDuration } from '../../resources/duration.ts';
import { bool, maybe, object, oneOf, type Schema, withDefault } from '../../resources/schema.ts';
import { INT32, UINT32 } from './schema-common.ts';

/** 0 or null: no limit of Istio's. Times in milliseconds. */
export interface ConnectionPool {
  readonly tcp: {
    readonly maxConnections: number;
    readonly connectTimeout: number | null;
    readonly idleTimeout: number | null;
    readonly maxConnectionDuration: number | null;
    readonly tcpKeepalive: TcpKeepaliveSpec | null;
  };
  readonly http: {
    readonly http1MaxPendingRequests: number;
    readonly http2MaxRequests: number;
    readonly maxRequestsPerConnection: number;
    readonly maxRetries: number;
    readonly idleTimeout: number | null;
    readonly h2UpgradePolicy: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
    readonly useClientProtocol: boolean;
    readonly maxConcurrentStreams: number;
  };
}

/** 0 probes and null times: the system's settings. */
export interface TcpKeepaliveSpec {
  readonly probes: number;
  readonly time: number | null;
  readonly interval: number | null;
}

export const tcpKeepalive: Schema<TcpKeepaliveSpec> = object<TcpKeepaliveSpec>({
  probes: withDefault(UINT32, 0),
  time: maybe(goDuration(1)),
  interval: maybe(goDuration(1)),
});

const tcp = object<ConnectionPool['tcp']>({
  maxConnections: withDefault(INT32, 0),
  connectTimeout: maybe(goDuration(1)),
  idleTimeout: maybe(goDuration(-Infinity)),
  maxConnectionDuration: maybe(goDuration(1)),
  tcpKeepalive: maybe(tcpKeepalive),
});

const http = object<ConnectionPool['http']>({
  http1MaxPendingRequests: withDefault(INT32, 0),
  http2MaxRequests: withDefault(INT32, 0),
  maxRequestsPerConnection: withDefault(INT32, 0),
  maxRetries: withDefault(INT32, 0),
  idleTimeout: maybe(goDuration(1)),
  h2UpgradePolicy: withDefault(oneOf('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'), 'DEFAULT'),
  useClientProtocol: withDefault(bool, false),
  maxConcurrentStreams: withDefault(INT32, 0),
});

export const connectionPool: Schema<ConnectionPool> = object<ConnectionPool>({
  tcp: withDefault(tcp, {
    maxConnections: 0,
    connectTimeout: null,
    idleTimeout: null,
    maxConnectionDuration: null,
    tcpKeepalive: null,
  }),
  http: withDefault(http, {
    http1MaxPendingRequests: 0,
    http2MaxRequests: 0,
    maxRequestsPerConnection: 0,
    maxRetries: 0,
    idleTimeout: null,
    h2UpgradePolicy: 'DEFAULT',
    useClientProtocol: false,
    maxConcurrentStreams: 0,
  }),
});
