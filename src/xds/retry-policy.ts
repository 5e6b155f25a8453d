import type { RetryPolicy } from '../model/route.ts';
import { duration, extension, type Message, message } from './proto-json.ts';

const PREVIOUS_HOSTS = extension(
  'envoy.retry_host_predicates.previous_hosts',
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
);
/** With each second retry, as Istio asks for it. */
const PREVIOUS_PRIORITIES = extension(
  'envoy.retry_priorities.previous_priorities',
  'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
  { updateFrequency: 2 },
);
/** Envoy's defaults: 25 ms, and ten times the base at most. */
const DEFAULT_BACKOFF_BASE_MILLIS = 25;
const BACKOFF_FACTOR = 10;

export function emitRetryPolicy(policy: RetryPolicy): Message {
  return message({
    retryOn: policy.on.join(','),
    numRetries: policy.retries,
    perTryTimeout: policy.perTryTimeoutMillis === null ? null : duration(policy.perTryTimeoutMillis),
    retryHostPredicate: policy.avoidPreviousHosts ? [PREVIOUS_HOSTS] : [],
    retryPriority: policy.avoidPreviousPriorities ? PREVIOUS_PRIORITIES : null,
    hostSelectionRetryMaxAttempts: String(policy.hostSelectionAttempts),
    retriableStatusCodes: [...policy.statusCodes],
    retryBackOff: emitBackOff(policy),
  });
}

function emitBackOff({ backoffBaseMillis: base, backoffMaxMillis: max }: RetryPolicy): Message | null {
  const isDefaultMax = max === base * BACKOFF_FACTOR;
  if (base === DEFAULT_BACKOFF_BASE_MILLIS && isDefaultMax) return null;
  return message({ baseInterval: duration(base), maxInterval: isDefaultMax ? null : duration(max) });
}
