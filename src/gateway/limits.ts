import { DEFAULT_HTTP1_LIMITS, type Http1Limits } from '../http1/http1-limits.ts';

/** What clients and requests may take of the gateway. A time or rate of 0 is no limit. Settings and their names: limit-settings.ts. */
export interface GatewayLimits {
  readonly http1: Http1Limits;
  /** From the first byte of a request to the end of its head, and from connecting to the first byte. */
  readonly headTimeoutMillis: number;
  /** How long a client may be silent, or slower than `minBytesPerSecond`, within a request's body. */
  readonly bodyIdleMillis: number;
  /** From a request's head to the end of its body. */
  readonly requestTimeoutMillis: number;
  /** How long no byte may pass in either direction before an exchange or a tunnel is ended. */
  readonly streamIdleMillis: number;
  /** How long a client may take nothing, or less than `minBytesPerSecond`, of a response that waits for it. */
  readonly writeStallMillis: number;
  /** What a client has to send of a body, and to take of a response that waits, averaged over the times above. */
  readonly minBytesPerSecond: number;
  /** Between two requests of a connection. */
  readonly keepAliveIdleMillis: number;
  /** How long a closing connection is read and dropped so that its last response arrives. */
  readonly lingerMillis: number;
  /** Open client connections of one listener; further ones are closed at once. */
  readonly maxConnectionsPerListener: number;
  /** The last one is answered with `Connection: close`. */
  readonly maxRequestsPerConnection: number;
  /** Request body bytes that are kept so that a retry can send them again. */
  readonly retryBufferBytes: number;
  /** Live sessions that are counted; beyond it those used longest ago are forgotten, which costs them nothing. */
  readonly maxLiveSessions: number;
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  http1: DEFAULT_HTTP1_LIMITS,
  headTimeoutMillis: 15_000,
  bodyIdleMillis: 30_000,
  requestTimeoutMillis: 0,
  streamIdleMillis: 0,
  writeStallMillis: 60_000,
  minBytesPerSecond: 32,
  keepAliveIdleMillis: 300_000,
  lingerMillis: 1_000,
  maxConnectionsPerListener: 20_000,
  maxRequestsPerConnection: Number.MAX_SAFE_INTEGER,
  retryBufferBytes: 1_048_576,
  maxLiveSessions: 250_000,
};
