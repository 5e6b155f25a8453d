import type { HashPolicy } from '../../model/affinity.ts';
import {
  type CorsPolicy,
  type FaultPolicy,
  type ForwardAction,
  type HeaderOps,
  isRetryCondition,
  type Mirror,
  type PathRewrite,
  type RetryPolicy,
} from '../../model/route.ts';
import { unescapePercent } from '../../resources/http-fields.ts';
import { originOf } from '../../resources/resource.ts';
import type { MergedOptions } from './resolve-options.ts';
import type { Faults, HeaderManipulation, HeaderOption, LbHashPolicy, RetryOption } from './schema-route-option.ts';

export function retryWords(retryOn: string): string[] {
  return retryOn
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** null: the policy has no key and gives no hash. Gloo's decoder takes several keys and keeps the one declared last. */
export function emitHashPolicy({ header, cookie, sourceIp, terminal }: LbHashPolicy): HashPolicy | null {
  if (sourceIp !== null) return sourceIp ? { kind: 'sourceIp', terminal } : null;
  if (cookie !== null) {
    const { name, ttl, path } = cookie;
    return { kind: 'cookie', cookie: { name, ttlMillis: ttl, path, attributes: [] }, terminal };
  }
  return header === null ? null : { kind: 'header', name: header.toLowerCase(), rewrite: null, terminal };
}

/** Envoy's defaults: one retry, 25 ms to 250 ms apart, on whichever host the balancer picks (docs/dialects/gloo.md). */
function emitRetry(retries: RetryOption): RetryPolicy {
  const backoffBaseMillis = retries.retryBackOff?.baseInterval ?? 25;
  return {
    on: retryWords(retries.retryOn).filter(isRetryCondition),
    retries: retries.numRetries || 1,
    statusCodes: retries.retriableStatusCodes,
    perTryTimeoutMillis: retries.perTryTimeout || null,
    backoffBaseMillis,
    backoffMaxMillis: retries.retryBackOff?.maxInterval ?? backoffBaseMillis * 10,
    avoidPreviousHosts: false,
    avoidPreviousPriorities: false,
    hostSelectionAttempts: 0,
  };
}

/** The forward action with the options laid over it; rewrites of the route's own filters win (plugin order of Gloo). */
export function overlayForward(
  action: ForwardAction,
  options: MergedOptions,
  policies: readonly HashPolicy[],
  mirrors: readonly Mirror[],
): ForwardAction {
  const affinity: ForwardAction['affinity'] =
    policies.length === 0
      ? action.affinity
      : action.affinity.kind === 'session'
        ? { ...action.affinity, fallback: policies }
        : { kind: 'hash', policies };
  return {
    ...action,
    affinity,
    affinityOrigin:
      options.lbHash === null || policies.length === 0
        ? action.affinityOrigin
        : originOf(options.lbHash.resource, ['spec', 'options', 'lbHash']),
    timeoutMillis: options.timeout === null ? action.timeoutMillis : options.timeout.value || null,
    retry: options.retries === null ? action.retry : emitRetry(options.retries.value),
    pathRewrite: action.pathRewrite ?? emitPathRewrite(options),
    hostRewrite: action.hostRewrite ?? (options.hostRewrite?.value || null),
    mirrors: [...action.mirrors, ...mirrors],
    cors: action.cors ?? emitCors(options),
    fault: options.faults === null ? action.fault : emitFault(options.faults.value),
    idleTimeoutMillis: options.idleTimeout === null ? action.idleTimeoutMillis : options.idleTimeout.value || null,
  };
}

function emitFault({ abort, delay }: Faults): FaultPolicy {
  return {
    abort: abort === null ? null : { status: abort.httpStatus, grpcStatus: null, percent: abort.percentage },
    delay: delay === null ? null : { millis: delay.fixedDelay, percent: delay.percentage },
  };
}

function emitCors({ cors }: MergedOptions): CorsPolicy | null {
  if (cors === null || cors.value.disableForRoute) return null;
  const { allowOrigin, allowOriginRegex, allowMethods, allowHeaders, exposeHeaders, maxAge, allowCredentials } =
    cors.value;
  return {
    allowOrigins: [
      ...allowOrigin.map((value) =>
        value === '*' ? ANY_ORIGIN : ({ kind: 'exact', value, ignoreCase: false } as const),
      ),
      ...allowOriginRegex.map((pattern) => ({ kind: 'regex', pattern }) as const),
    ],
    allowMethods,
    allowHeaders,
    exposeHeaders,
    maxAge,
    allowCredentials: allowCredentials || null,
    forwardNotMatchingPreflights: true,
  };
}

const ANY_ORIGIN = { kind: 'regex', pattern: '.*' } as const;

function emitPathRewrite({ regexRewrite, prefixRewrite }: MergedOptions): PathRewrite | null {
  if (regexRewrite !== null) {
    const { pattern, substitution } = regexRewrite.value;
    return { kind: 'regex', pattern: pattern.regex, substitution };
  }
  return prefixRewrite === null ? null : { kind: 'prefix', value: prefixRewrite.value };
}

export function emitHeaderOps(manipulation: HeaderManipulation, side: 'request' | 'response'): HeaderOps {
  const added = manipulation[`${side}HeadersToAdd`];
  const pairs = (headers: readonly HeaderOption[]) =>
    headers.map(({ header }) => [header.key.toLowerCase(), unescapePercent(header.value)] as const);
  return {
    set: pairs(added.filter(({ append }) => !append)),
    add: pairs(added.filter(({ append }) => append)),
    remove: manipulation[`${side}HeadersToRemove`].map((name) => name.toLowerCase()),
  };
}
