import { isRetryCondition } from '../../model/route.ts';
import { goDuration } from '../../resources/duration.ts';
import {
  bool,
  integer,
  linted,
  maybe,
  object,
  problem,
  type Schema,
  text,
  withDefault,
} from '../../resources/schema.ts';
import { isKnownStatus, UNSUPPORTED_RETRY_WORDS } from './retry-conditions.ts';

export interface HttpRetry {
  /** null: Istio's default count. */
  readonly attempts: number | null;
  readonly perTryTimeout: number | null;
  readonly retryOn: string;
  readonly retryIgnorePreviousHosts: boolean | null;
  readonly backoff: number | null;
  readonly retryRemoteLocalities: boolean;
}

/** Words that Istio takes: those that are served, those that are not yet, and status codes. */
const retryOn = problem(withDefault(text, ''), (written) => {
  for (const word of written === '' ? [] : written.split(',')) {
    const isStatus = /^\d+$/.test(word) && isKnownStatus(Number(word));
    if (isStatus || isRetryCondition(word) || UNSUPPORTED_RETRY_WORDS.has(word)) continue;
    return `has ${JSON.stringify(word)}, which is no condition for retries (separate conditions by commas without blanks)`;
  }
  return null;
});

export const retries: Schema<HttpRetry> = object<HttpRetry>({
  attempts: maybe(integer(0, 2147483647)),
  perTryTimeout: maybe(goDuration(1)),
  retryOn,
  retryIgnorePreviousHosts: maybe(bool),
  backoff: maybe(goDuration(1)),
  retryRemoteLocalities: linted(withDefault(bool, false), (value) =>
    value === true ? 'has an effect in a converted Envoy only: retries stay within the priority that was drawn' : null,
  ),
});
