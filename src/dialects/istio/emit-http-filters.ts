import type { CorsPolicy, FaultPolicy, StringMatch } from '../../model/route.ts';
import { emitString } from './emit-match.ts';
import { type CorsSpec, type FaultSpec, GRPC_STATUSES } from './schema-http-filters.ts';

/** A fault without a percentage never happens, as in Istio (istio-affinity §6). */
export function emitFault({ delay, abort }: FaultSpec): FaultPolicy {
  return {
    delay:
      delay === null || delay.fixedDelay === null
        ? null
        : { millis: delay.fixedDelay, percent: toPercent(delay.percentage?.value ?? delay.percent) },
    abort: abort === null ? null : emitAbort(abort),
  };
}

function emitAbort({ httpStatus, grpcStatus, percentage }: NonNullable<FaultSpec['abort']>): FaultPolicy['abort'] {
  const percent = toPercent(percentage?.value ?? 0);
  if (httpStatus !== null) return { status: httpStatus, grpcStatus: null, percent };
  // What is no gRPC request is answered 200 by Envoy, with the words of an abort.
  return grpcStatus === null ? null : { status: 200, grpcStatus: GRPC_STATUSES.indexOf(grpcStatus), percent };
}

/** Envoy counts in millionths, and what is finer is cut off. */
export function toPercent(value: number): number {
  return Math.trunc(value * 10_000) / 10_000;
}

export function emitCors(spec: CorsSpec): CorsPolicy {
  const exact = spec.allowOrigin.map((value): StringMatch => ({ kind: 'exact', value, ignoreCase: false }));
  return {
    // The older field counts only where the newer one is empty.
    allowOrigins: spec.allowOrigins.length > 0 ? spec.allowOrigins.map(emitString) : exact,
    allowMethods: spec.allowMethods,
    allowHeaders: spec.allowHeaders,
    exposeHeaders: spec.exposeHeaders,
    maxAge: spec.maxAge === null ? '' : String(Math.trunc(spec.maxAge / 1000)),
    allowCredentials: spec.allowCredentials,
    forwardNotMatchingPreflights: spec.unmatchedPreflights !== 'IGNORE',
  };
}
