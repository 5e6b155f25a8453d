import type { Head } from '../http1/head.ts';
import type { RetryCondition, RetryPolicy } from '../model/route.ts';
import type { UpstreamFailure } from './upstream-connection.ts';

/** gRPC statuses that retry conditions name (Envoy's retry_on for gRPC). */
const GRPC_CANCELLED = '1';
const GRPC_UNAVAILABLE = '14';

/** A retry policy compiled for the questions that an attempt's end asks. */
export class RetryRules {
  readonly retries: number;
  readonly perTryTimeoutMillis: number | null;
  readonly #backoffBaseMillis: number;
  readonly #backoffMaxMillis: number;
  readonly #on: ReadonlySet<RetryCondition>;
  readonly #statusCodes: ReadonlySet<number>;

  constructor(policy: RetryPolicy) {
    this.retries = policy.retries;
    this.perTryTimeoutMillis = policy.perTryTimeoutMillis;
    this.#backoffBaseMillis = policy.backoffBaseMillis;
    this.#backoffMaxMillis = policy.backoffMaxMillis;
    this.#on = new Set(policy.on);
    this.#statusCodes = new Set(policy.statusCodes);
  }

  /** Whether a response with this head is to be tried again, by Envoy's meaning of the conditions. */
  isRetriableResponse(head: Head): boolean {
    const { status } = head;
    const on = this.#on;
    if (status >= 500 && on.has('5xx')) return true;
    if ((status === 502 || status === 503 || status === 504) && on.has('gateway-error')) return true;
    if (status === 409 && on.has('retriable-4xx')) return true;
    if (on.has('retriable-status-codes') && this.#statusCodes.has(status)) return true;
    if (!on.has('unavailable') && !on.has('cancelled')) return false;
    const grpcStatus = head.value('grpc-status');
    return (
      (grpcStatus === GRPC_UNAVAILABLE && on.has('unavailable')) ||
      (grpcStatus === GRPC_CANCELLED && on.has('cancelled'))
    );
  }

  /** Whether an attempt that ended without a response is to be tried again. */
  isRetriableFailure(failure: UpstreamFailure, requestSent: boolean): boolean {
    const on = this.#on;
    if (on.has('5xx') || on.has('gateway-error') || on.has('reset')) return true;
    if (failure === 'connect-refused' || failure === 'connect-timeout') {
      return on.has('connect-failure') || on.has('reset-before-request');
    }
    return !requestSent && on.has('reset-before-request');
  }

  /** A per-try timeout counts as a response of 504 (Envoy: 5xx, gateway-error) or as a reset. */
  isRetriableTimeout(): boolean {
    return this.#on.has('5xx') || this.#on.has('gateway-error') || this.#on.has('reset');
  }

  /** Milliseconds before retry number `retry` (from 1): full jitter under an exponential bound, as Envoy draws it. */
  backoffMillis(retry: number, random: () => number): number {
    const bound = Math.min(
      this.#backoffBaseMillis * 2 ** Math.min(retry, 30) - this.#backoffBaseMillis,
      this.#backoffMaxMillis,
    );
    return Math.floor(random() * Math.max(bound, 1));
  }
}
