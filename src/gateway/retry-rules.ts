import type { Head } from '../http1/head.ts';
import type { RetryCondition, RetryPolicy } from '../model/route.ts';
import type { UpstreamFailure } from './upstream-connection.ts';

/** gRPC statuses that retry conditions name (Envoy's retry_on for gRPC). */
const GRPC_CONDITIONS: ReadonlyMap<number, RetryCondition> = new Map([
  [1, 'cancelled'],
  [4, 'deadline-exceeded'],
  [8, 'resource-exhausted'],
  [13, 'internal'],
  [14, 'unavailable'],
]);

/** A retry policy compiled for the questions that an attempt's end asks. */
export class RetryRules {
  readonly retries: number;
  readonly perTryTimeoutMillis: number | null;
  readonly #backoffBaseMillis: number;
  readonly #backoffMaxMillis: number;
  readonly #on: ReadonlySet<RetryCondition>;
  readonly #hasGrpc: boolean;
  readonly #statusCodes: ReadonlySet<number>;

  constructor(policy: RetryPolicy) {
    this.retries = policy.retries;
    this.perTryTimeoutMillis = policy.perTryTimeoutMillis;
    this.#backoffBaseMillis = policy.backoffBaseMillis;
    this.#backoffMaxMillis = policy.backoffMaxMillis;
    this.#on = new Set(policy.on);
    this.#hasGrpc = [...GRPC_CONDITIONS.values()].some((condition) => policy.on.includes(condition));
    this.#statusCodes = new Set(policy.statusCodes);
  }

  /** Whether a response with this head is to be tried again, by Envoy's meaning of the conditions. */
  isRetriableResponse(head: Head): boolean {
    const { status } = head;
    const on = this.#on;
    // A rate limiter's no is meant, unless its own condition is there.
    if (head.findHeader('x-envoy-ratelimited', 0) >= 0) return on.has('envoy-ratelimited');
    if (status >= 500 && status <= 599 && on.has('5xx')) return true;
    if (status >= 502 && status <= 504 && on.has('gateway-error')) return true;
    if (status === 409 && on.has('retriable-4xx')) return true;
    if (on.has('retriable-status-codes') && this.#statusCodes.has(status)) return true;
    const grpcStatus = this.#hasGrpc ? (head.value('grpc-status') ?? '') : '';
    const condition = /^\d+$/.test(grpcStatus) ? GRPC_CONDITIONS.get(Number(grpcStatus)) : undefined;
    return condition !== undefined && on.has(condition);
  }

  /**
   * Whether an attempt that ended without a response is to be tried again; `requestSent`: bytes of the request went out, in
   * this attempt or one before. `refused-stream` is no end that an HTTP/1.1 attempt can have.
   */
  isRetriableFailure(failure: UpstreamFailure, requestSent: boolean): boolean {
    const on = this.#on;
    if (on.has('reset') || on.has('5xx') || on.has('gateway-error')) return true;
    if (!requestSent && on.has('reset-before-request')) return true;
    return on.has('connect-failure') && (failure === 'connect-refused' || failure === 'connect-timeout');
  }

  /** A try that takes too long is reset by the gateway, so it is retried as a reset is; its request is out by then. */
  isRetriableTimeout(): boolean {
    return this.#on.has('5xx') || this.#on.has('gateway-error') || this.#on.has('reset');
  }

  /**
   * Milliseconds before retry number `retry` (from 1): full jitter below the base, which doubles with each retry up to the
   * longest back-off. Envoy's documentation has a wider bound; this is what Envoy does (docs/decisions/034).
   */
  backoffMillis(retry: number, random: () => number): number {
    const bound = Math.min(this.#backoffBaseMillis * 2 ** Math.min(retry - 1, 30), this.#backoffMaxMillis);
    return Math.floor(random() * bound);
  }
}
