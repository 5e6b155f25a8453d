import type { Affinity } from './affinity.ts';
import type { Origin } from './origin.ts';

/** All matching is on byte strings (latin1). `regex` is RE2 and must match the whole value. */
export type StringMatch =
  | { readonly kind: 'exact' | 'prefix' | 'suffix' | 'contains'; readonly value: string; readonly ignoreCase: boolean }
  | { readonly kind: 'regex'; readonly pattern: string }
  | { readonly kind: 'present' };

export type PathMatch =
  /** `prefix` compares text (`/api` matches `/apix`); `segmentPrefix` whole segments (Gateway API PathPrefix). The query is no part of any. */
  | { readonly kind: 'prefix' | 'segmentPrefix' | 'exact'; readonly value: string; readonly ignoreCase: boolean }
  | { readonly kind: 'regex'; readonly pattern: string };

/** Pseudo-headers `:method`, `:authority`, `:scheme` match like headers, as in Envoy. */
export interface HeaderMatch {
  /** Lower case. */
  readonly name: string;
  readonly match: StringMatch;
  readonly invert: boolean;
  /** A missing header is compared as the empty string instead of not matching. */
  readonly missingAsEmpty: boolean;
}

export interface QueryMatch {
  readonly name: string;
  readonly match: StringMatch;
}

export interface RouteMatch {
  readonly path: PathMatch;
  readonly headers: readonly HeaderMatch[];
  readonly query: readonly QueryMatch[];
}

export interface HeaderOps {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

export const NO_HEADER_OPS: HeaderOps = { set: [], add: [], remove: [] };

export interface WeightedTarget {
  /** One that the model does not have is answered 503. Empty: this share of the requests is answered the action's `emptyStatus`. */
  readonly cluster: string;
  readonly weight: number;
  /** Labels of the cluster's subset, or null for all endpoints. */
  readonly subset: Readonly<Record<string, string>> | null;
  /** Replaces the action's own; null: the action's. */
  readonly hostRewrite: string | null;
  readonly requestHeaders: HeaderOps;
  readonly responseHeaders: HeaderOps;
}

/** Retry conditions by Envoy's names. */
export const RETRY_CONDITIONS = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
  'retriable-status-codes',
  'unavailable',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'envoy-ratelimited',
  /** Nothing is retried on header names alone: no dialect says which. */
  'retriable-headers',
  /** HTTP/3 is not spoken to endpoints. */
  'http3-post-connect-failure',
] as const;

export type RetryCondition = (typeof RETRY_CONDITIONS)[number];

export function isRetryCondition(word: string): word is RetryCondition {
  return (RETRY_CONDITIONS as readonly string[]).includes(word);
}

export interface RetryPolicy {
  readonly on: readonly RetryCondition[];
  /** Retries after the first attempt. */
  readonly retries: number;
  readonly statusCodes: readonly number[];
  /** null: the route's timeout covers all attempts and none has its own. */
  readonly perTryTimeoutMillis: number | null;
  readonly backoffBaseMillis: number;
  readonly backoffMaxMillis: number;
  readonly avoidPreviousHosts: boolean;
  /** Every second retry leaves out the priorities that were tried (Envoy's previous_priorities); Limpet's own retries don't. */
  readonly avoidPreviousPriorities: boolean;
  /** How often the balancer may be asked again when it offers a host that was tried; 0 counts as 1 (envoy-affinity §8.1). */
  readonly hostSelectionAttempts: number;
}

export type PathRewrite =
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'full'; readonly value: string }
  | { readonly kind: 'regex'; readonly pattern: string; readonly substitution: string };

/** A copy of requests that goes to another cluster and whose answer nobody waits for. */
export interface Mirror {
  readonly cluster: string;
  /** 0..100; steps of 0.0001. */
  readonly percent: number;
}

/** A cross-origin policy (WHATWG Fetch, as Envoy's cors filter reads it). */
export interface CorsPolicy {
  readonly allowOrigins: readonly StringMatch[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** Empty: not sent. */
  readonly maxAge: string;
  /** null: not sent. */
  readonly allowCredentials: boolean | null;
  /** Preflights of origins that are not allowed go on to the upstream. */
  readonly forwardNotMatchingPreflights: boolean;
}

/** Faults on purpose, for tests of resilience; percent 0..100 in steps of 0.0001. */
export interface FaultPolicy {
  readonly delay: { readonly millis: number; readonly percent: number } | null;
  /** `grpcStatus`: what a gRPC request is answered instead of `status`; null: the same status. */
  readonly abort: { readonly status: number; readonly grpcStatus: number | null; readonly percent: number } | null;
}

export interface ForwardAction {
  readonly kind: 'forward';
  /** Weights need not add up to 100; a target of weight 0 takes no new sessions. Empty: the request is answered `emptyStatus`. */
  readonly targets: readonly WeightedTarget[];
  readonly emptyStatus: number;
  /** The request hash also picks the target (Envoy's use_hash_policy on weighted clusters). */
  readonly targetByHash: boolean;
  readonly affinity: Affinity;
  /** What gives the route its affinity; null: nothing but the route itself. */
  readonly affinityOrigin: Origin | null;
  /** null: no limit on the whole exchange. */
  readonly timeoutMillis: number | null;
  readonly retry: RetryPolicy | null;
  readonly pathRewrite: PathRewrite | null;
  readonly hostRewrite: string | null;
  readonly mirrors: readonly Mirror[];
  readonly cors: CorsPolicy | null;
  readonly fault: FaultPolicy | null;
  /** Time in which no byte passes in either direction before the exchange is ended; null: no limit. */
  readonly idleTimeoutMillis: number | null;
}

export interface RedirectAction {
  readonly kind: 'redirect';
  readonly status: number;
  readonly scheme: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly path: PathRewrite | null;
}

export interface RespondAction {
  readonly kind: 'respond';
  readonly status: number;
  /** Bytes as a latin1 string. */
  readonly body: string;
}

export type RouteAction = ForwardAction | RedirectAction | RespondAction;

export interface Route {
  /** Empty where the source gives none. */
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly requestHeaders: HeaderOps;
  readonly responseHeaders: HeaderOps;
  readonly origin: Origin;
}
