import { DEFAULT_HTTP1_LIMITS, type Http1Limits } from '../http1/http1-limits.ts';

/** What clients and requests may take of the gateway. */
export interface GatewayLimits {
  readonly http1: Http1Limits;
  /** From the first byte of a request to the end of its head, and from connecting to the first byte. */
  readonly headTimeoutMillis: number;
  /** Between two requests of a connection. */
  readonly keepAliveIdleMillis: number;
  /** Request body bytes that are kept so that a retry can send them again. */
  readonly retryBufferBytes: number;
  /** How long a closing connection is read and dropped so that its last response arrives. */
  readonly lingerMillis: number;
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  http1: DEFAULT_HTTP1_LIMITS,
  headTimeoutMillis: 15_000,
  keepAliveIdleMillis: 300_000,
  retryBufferBytes: 1_048_576,
  lingerMillis: 1_000,
};
