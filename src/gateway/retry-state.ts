import type { CircuitBreaker } from './circuit-breaker.ts';
import type { RetryRules } from './retry-rules.ts';
import type { UpstreamFailure } from './upstream-connection.ts';

/**
 * Whether a failed attempt is tried again. `exhausted` (URX) and `overflow` (UO) would have been, had there been retries
 * left, or room for one among the cluster's concurrent retries.
 */
export type RetryVerdict = 'none' | 'retry' | 'exhausted' | 'overflow';

const VERDICT_FLAGS: { readonly [verdict in RetryVerdict]: string } = {
  none: '',
  retry: '',
  exhausted: 'URX',
  overflow: 'UO',
};

/** Response flags with the reason why there was no further try. */
export function withVerdict(flag: string, verdict: RetryVerdict): string {
  const why = VERDICT_FLAGS[verdict];
  return flag === '' || why === '' ? flag + why : `${flag},${why}`;
}

/** Methods that may be sent again when a kept connection turns out to be dead (RFC 9110 §9.2.2, RFC 9112 §9.3.1). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** The retries of one request. One object serves all requests of a connection. */
export class RetryState {
  /** Retries so far. */
  count = 0;
  /** The request went out again because a kept connection had ended: further tries go over new connections only. */
  isResent = false;
  #rules: RetryRules | null = null;
  #breaker: CircuitBreaker | null = null;
  #isCounted = false;
  /** Bytes of the request went out, in this attempt or one before. */
  #requestSent = false;

  begin(rules: RetryRules | null, breaker: CircuitBreaker | null): void {
    this.count = 0;
    this.isResent = false;
    this.#requestSent = false;
    this.#rules = rules;
    this.#breaker = breaker;
  }

  /** null: the route has no retry policy, or the request can't be tried again any more. */
  get rules(): RetryRules | null {
    return this.#rules;
  }

  /** Time limit of each try in milliseconds; 0: none. */
  get tryMillis(): number {
    return this.#rules?.perTryTimeoutMillis ?? 0;
  }

  /** No further try, whatever comes: part of a response has gone to the client, or of the request is gone. */
  giveUp(): void {
    this.#rules = null;
  }

  /**
   * A kept connection ended before the first byte of the response. True: the request may go out again, whatever the policy
   * says. That is so once, or a request that makes its pod reset would go through all the connections that are kept.
   */
  resend(method: string): boolean {
    if (this.isResent || !IDEMPOTENT.has(method)) return false;
    this.isResent = true;
    return true;
  }

  /** An attempt failed; `isWanted` says that the policy's conditions name what happened. `retry` counts as begun. */
  judge(isWanted: boolean): RetryVerdict {
    const rules = this.#rules;
    this.release();
    if (!isWanted || rules === null) return 'none';
    if (this.count >= rules.retries) return 'exhausted';
    if (this.#breaker?.tryRetry() === false) return 'overflow';
    this.#isCounted = this.#breaker !== null;
    this.count++;
    return 'retry';
  }

  /** Whether the conditions name an attempt that ended without a response. */
  isRetriableFailure(failure: UpstreamFailure): boolean {
    if (failure !== 'connect-refused' && failure !== 'connect-timeout') this.#requestSent = true;
    return this.#rules?.isRetriableFailure(failure, this.#requestSent) === true;
  }

  backoffMillis(random: () => number): number {
    return this.#rules?.backoffMillis(this.count, random) ?? 0;
  }

  /** The retry under way has an answer, or the request is over: it is no concurrent retry any more. */
  release(): void {
    if (!this.#isCounted) return;
    this.#isCounted = false;
    this.#breaker?.endRetry();
  }
}
