import { isRetryCondition, type RetryCondition, type RetryPolicy } from '../../model/route.ts';
import type { HttpRetry } from './schema-retry.ts';

const DEFAULT_ON: readonly RetryCondition[] = [
  'connect-failure',
  'refused-stream',
  'unavailable',
  'cancelled',
  'retriable-status-codes',
];

/**
 * Istio 1.30's retries (istio-affinity §6): on by default, twice. A single hashed destination may be retried on the
 * same host, since going elsewhere would break the affinity that the hash is for. null: no retries.
 */
export function emitRetry(retries: HttpRetry | null, keepsHost: boolean): RetryPolicy | null {
  // A block that gives no number has Istio's 0.
  if (retries !== null && !retries.attempts) return null;
  const words = (retries?.retryOn ?? '').split(',').filter((word) => word !== '');
  const statusCodes = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const named = words.filter(isRetryCondition);
  const on = words.length === 0 ? DEFAULT_ON : named;
  const needsCodes = statusCodes.length > 0 && !on.includes('retriable-status-codes');
  const backoffBaseMillis = retries?.backoff ?? 25;
  return {
    on: needsCodes ? [...on, 'retriable-status-codes'] : on,
    retries: retries?.attempts ?? 2,
    statusCodes,
    perTryTimeoutMillis: retries?.perTryTimeout ?? null,
    backoffBaseMillis,
    backoffMaxMillis: backoffBaseMillis * 10,
    avoidPreviousHosts: retries?.retryIgnorePreviousHosts ?? !keepsHost,
    avoidPreviousPriorities: retries?.retryRemoteLocalities ?? false,
    hostSelectionAttempts: 5,
  };
}
