import type { Affinity, HashPolicy, SessionPolicy } from '../../../../src/model/affinity.ts';
import type {
  ForwardAction,
  PathMatch,
  PathRewrite,
  RetryCondition,
  RetryPolicy,
  WeightedTarget,
} from '../../../../src/model/route.ts';
import { isRetryCondition, NO_HEADER_OPS } from '../../../../src/model/route.ts';
import { type Fields, NotUnderstood } from '../fields.ts';
import { parseRegexRewrite } from './hash-policy.ts';
import { readLabels } from './hosts.ts';

/** A route to one cluster: `extra` is the recordings' part of Envoy's route action. */
export interface RecordedRoute {
  readonly cluster: string;
  readonly policies: readonly HashPolicy[];
  readonly session: SessionPolicy | null;
  readonly extra: Fields;
}

export function parseForward({ cluster, policies, session, extra }: RecordedRoute): ForwardAction {
  const metadata = extra.has('metadata_match')
    ? extra.object('metadata_match').object('filter_metadata').objectOrEmpty('envoy.lb')
    : null;
  const action: ForwardAction = {
    ...forwardTo([toTarget(cluster, 1, metadata === null ? {} : readLabels(metadata))]),
    affinity: toAffinity(policies, session),
    affinityOrigin: null,
    retry: extra.has('retry_policy') ? parseRetry(extra.object('retry_policy')) : null,
    pathRewrite: parsePathRewrite(extra),
    hostRewrite: extra.stringOr('host_rewrite_literal', null),
    mirrors: [],
    cors: null,
    fault: null,
    idleTimeoutMillis: null,
  };
  extra.ignore('timeout', 'cluster', 'hash_policy');
  extra.end();
  return action;
}

/** A plain forward to these targets. */
export function forwardTo(targets: readonly WeightedTarget[]): ForwardAction {
  return {
    kind: 'forward',
    targets,
    emptyStatus: 503,
    targetByHash: false,
    affinity: { kind: 'none' },
    affinityOrigin: null,
    timeoutMillis: null,
    retry: null,
    pathRewrite: null,
    hostRewrite: null,
    mirrors: [],
    cors: null,
    fault: null,
    idleTimeoutMillis: null,
  };
}

/** A route without labels falls to the cluster's subset fallback, which is why no labels are not the same as null. */
export function toTarget(cluster: string, weight: number, subset: Readonly<Record<string, string>>): WeightedTarget {
  return { cluster, weight, subset, hostRewrite: null, requestHeaders: NO_HEADER_OPS, responseHeaders: NO_HEADER_OPS };
}

export function toAffinity(policies: readonly HashPolicy[], session: SessionPolicy | null): Affinity {
  return session === null ? { kind: 'hash', policies } : { kind: 'session', session, fallback: policies };
}

function parsePathRewrite(extra: Fields): PathRewrite | null {
  if (extra.has('prefix_rewrite')) return { kind: 'prefix', value: extra.string('prefix_rewrite') };
  if (extra.has('regex_rewrite')) return { kind: 'regex', ...parseRegexRewrite(extra.object('regex_rewrite')) };
  return null;
}

/** The recordings' routes match a `prefix` or `path`; without either all paths. */
export function parsePathMatch(fields: Fields): PathMatch {
  if (fields.has('path')) return { kind: 'exact', value: fields.string('path'), ignoreCase: false };
  return { kind: 'prefix', value: fields.stringOr('prefix', '/'), ignoreCase: false };
}

export function parseRetry(fields: Fields): RetryPolicy {
  fields.ignore('per_try_timeout', 'per_try_idle_timeout', 'retry_back_off', 'rate_limited_retry_back_off');
  const predicates = fields.objects('retry_host_predicate').map((predicate) => predicate.string('name'));
  for (const name of predicates) {
    if (name !== 'envoy.retry_host_predicates.previous_hosts') throw new NotUnderstood(`retry host predicate ${name}`);
  }
  const policy: RetryPolicy = {
    on: fields
      .stringOr('retry_on', '')
      .split(',')
      .map((condition) => condition.trim())
      .filter((condition) => condition !== '')
      .map(parseCondition),
    retries: fields.numberOr('num_retries', 1),
    statusCodes: fields.listOrEmpty('retriable_status_codes').map(Number),
    perTryTimeoutMillis: null,
    backoffBaseMillis: 25,
    backoffMaxMillis: 250,
    avoidPreviousHosts: predicates.length > 0,
    avoidPreviousPriorities: false,
    hostSelectionAttempts: fields.numberOr('host_selection_retry_max_attempts', 0),
  };
  fields.end();
  return policy;
}

function parseCondition(condition: string): RetryCondition {
  if (!isRetryCondition(condition)) throw new NotUnderstood(`retry_on ${condition}`);
  return condition;
}
