import { goDuration } from '../../resources/duration.ts';
import {
  bool,
  decimal,
  deprecated,
  droppable,
  limit,
  linted,
  list,
  maybe,
  object,
  oneOf,
  type Schema,
  text,
  texts,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { INT32 } from './schema-common.ts';
import { type StringMatchSpec, stringMatch } from './schema-http-match.ts';

/** Percentages are 0..100; null: not given, which means never. */
export interface FaultSpec {
  readonly delay: {
    /** Milliseconds; null: none. */
    readonly fixedDelay: number | null;
    readonly percentage: Percentage | null;
    /** Deprecated whole percents. */
    readonly percent: number;
  } | null;
  readonly abort: {
    readonly httpStatus: number | null;
    readonly grpcStatus: (typeof GRPC_STATUSES)[number] | null;
    readonly percentage: Percentage | null;
  } | null;
}

export interface Percentage {
  readonly value: number | null;
}

export interface CorsSpec {
  /** Deprecated: exact origins. */
  readonly allowOrigin: readonly string[];
  readonly allowOrigins: readonly StringMatchSpec[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** Milliseconds. */
  readonly maxAge: number | null;
  readonly allowCredentials: boolean | null;
  readonly unmatchedPreflights: 'UNSPECIFIED' | 'FORWARD' | 'IGNORE' | null;
}

export const percentage: Schema<Percentage> = object<Percentage>({
  value: maybe(decimal(-Number.MAX_VALUE, Number.MAX_VALUE)),
});

/** A fault without a percentage is legal and never happens. */
function dormant(value: unknown): string | null {
  const fields = Object(value) as Record<string, unknown>;
  const isNever = fields['percentage'] == null && fields['percent'] == null;
  return isNever ? 'has no percentage, so it never happens' : null;
}

const delay = object<NonNullable<FaultSpec['delay']>>(
  {
    fixedDelay: maybe(goDuration(1)),
    percentage: maybe(percentage),
    percent: deprecated(
      limit(withDefault(INT32, 0), (percent) => (percent < 0 || percent > 100 ? 'is no percentage' : null)),
      'use percentage.value',
    ),
  },
  { exponentialDelay: unsupported('delays are fixed', goDuration(1)) },
);

/** In the order of their numbers. */
export const GRPC_STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

const abort = object<NonNullable<FaultSpec['abort']>>(
  {
    httpStatus: limit(maybe(INT32), (status) =>
      status === 600 ? 'is no HTTP status, though Istio lets it pass' : null,
    ),
    grpcStatus: maybe(oneOf(...GRPC_STATUSES)),
    percentage: maybe(percentage),
  },
  { http2Error: unsupported('aborts are HTTP or gRPC statuses', text) },
);

export const fault: Schema<FaultSpec> = object<FaultSpec>({
  delay: droppable(linted(delay, dormant)),
  abort: maybe(linted(abort, dormant)),
});

export const corsPolicy: Schema<CorsSpec> = object<CorsSpec>({
  allowOrigin: deprecated(texts, 'use allowOrigins'),
  allowOrigins: list(stringMatch),
  allowMethods: texts,
  allowHeaders: texts,
  exposeHeaders: texts,
  maxAge: maybe(goDuration(1)),
  allowCredentials: maybe(bool),
  unmatchedPreflights: maybe(oneOf('UNSPECIFIED', 'FORWARD', 'IGNORE')),
});
