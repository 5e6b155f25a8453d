import { goDuration } from '../../resources/duration.ts';
import { integer, maybe, object, type Schema, unsupported, withDefault } from '../../resources/schema.ts';

/** 0 or null: no limit of Istio's. Times in milliseconds. */
export interface ConnectionPool {
  readonly tcp: {
    readonly maxConnections: number;
    readonly connectTimeout: number | null;
    readonly idleTimeout: number | null;
    readonly maxConnectionDuration: number | null;
  };
  readonly http: {
    readonly http1MaxPendingRequests: number;
    readonly http2MaxRequests: number;
    readonly maxRequestsPerConnection: number;
    readonly maxRetries: number;
    readonly idleTimeout: number | null;
  };
}

const COUNT = integer(0, 2147483647);

const tcp = object<ConnectionPool['tcp']>(
  {
    maxConnections: withDefault(COUNT, 0),
    connectTimeout: maybe(goDuration(1)),
    idleTimeout: maybe(goDuration()),
    maxConnectionDuration: maybe(goDuration()),
  },
  { tcpKeepalive: unsupported('keep-alive probes are left to the system') },
);

const http = object<ConnectionPool['http']>(
  {
    http1MaxPendingRequests: withDefault(COUNT, 0),
    http2MaxRequests: withDefault(COUNT, 0),
    maxRequestsPerConnection: withDefault(COUNT, 0),
    maxRetries: withDefault(COUNT, 0),
    idleTimeout: maybe(goDuration()),
  },
  {
    h2UpgradePolicy: unsupported('endpoints are spoken to in HTTP/1.1'),
    useClientProtocol: unsupported('endpoints are spoken to in HTTP/1.1'),
    maxConcurrentStreams: unsupported('endpoints are spoken to in HTTP/1.1'),
    http2KeepAlive: unsupported('endpoints are spoken to in HTTP/1.1'),
  },
);

export const connectionPool: Schema<ConnectionPool> = object<ConnectionPool>({
  tcp: withDefault(tcp, { maxConnections: 0, connectTimeout: null, idleTimeout: null, maxConnectionDuration: null }),
  http: withDefault(http, {
    http1MaxPendingRequests: 0,
    http2MaxRequests: 0,
    maxRequestsPerConnection: 0,
    maxRetries: 0,
    idleTimeout: null,
  }),
});
