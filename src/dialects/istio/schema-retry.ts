import { goDuration } from '../../resources/duration.ts';
import { bool, linted, maybe, object, type Schema, text, withDefault } from '../../resources/schema.ts';
import { INT32 } from './schema-common.ts';

export interface HttpRetry {
  /** null: Istio's default count. */
  readonly attempts: number | null;
  readonly perTryTimeout: number | null;
  readonly retryOn: string;
  readonly retryIgnorePreviousHosts: boolean | null;
  readonly backoff: number | null;
  readonly retryRemoteLocalities: boolean;
}

export const retries: Schema<HttpRetry> = object<HttpRetry>({
  attempts: maybe(INT32),
  perTryTimeout: maybe(goDuration(1)),
  retryOn: withDefault(text, ''),
  retryIgnorePreviousHosts: maybe(bool),
  backoff: maybe(goDuration(1)),
  retryRemoteLocalities: linted(withDefault(bool, false), (value) =>
    value === true ? 'has an effect in a converted Envoy only: retries stay within the priority that was drawn' : null,
  ),
});
