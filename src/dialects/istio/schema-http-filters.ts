import { goDuration } from '../../resources/duration.ts';
import { headerName } from '../../resources/http-fields.ts';
import {
  bool,
  check,
  decimal,
  deprecated,
  integer,
  linted,
  list,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  type Schema,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { type StringMatchSpec, stringMatch } from './schema-http-match.ts';

/** Percentages are 0..100; null: not given, which means never. */
export interface FaultSpec {
  readonly delay: {
    readonly fixedDelay: number;
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

export const percentage: Schema<Percentage> = object<Percentage>({ value: maybe(decimal(0, 100)) });

/** A fault without a percentage is legal and never happens. */
function dormant(value: unknown): string | null {
  const fields = Object(value) as Record<string, unknown>;
  const isNever = fields['percentage'] == null && fields['percent'] == null;
  return isNever ? 'has no percentage, so it never happens' : null;
}

const delay = object<NonNullable<FaultSpec['delay']>>(
  {
    fixedDelay: goDuration(1),
    percentage: maybe(percentage),
    percent: deprecated(withDefault(integer(0, 100), 0), 'use percentage.value'),
  },
  { exponentialDelay: unsupported('delays are fixed') },
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
  { httpStatus: maybe(integer(200, 599)), grpcStatus: maybe(oneOf(...GRPC_STATUSES)), percentage: maybe(percentage) },
  { http2Error: unsupported('aborts are HTTP or gRPC statuses') },
);

export const fault: Schema<FaultSpec> = check(
  object<FaultSpec>({ delay: maybe(linted(delay, dormant)), abort: maybe(linted(abort, dormant)) }),
  (spec) => spec.delay !== null || spec.abort !== null,
  'must have a delay or an abort',
);

const method = oneOf('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', '*');

export const corsPolicy: Schema<CorsSpec> = object<CorsSpec>({
  allowOrigin: deprecated(list(nonEmptyText), 'use allowOrigins'),
  allowOrigins: list(stringMatch),
  allowMethods: list(method),
  allowHeaders: list(headerName),
  exposeHeaders: list(headerName),
  maxAge: maybe(goDuration(1)),
  allowCredentials: maybe(bool),
  unmatchedPreflights: maybe(oneOf('UNSPECIFIED', 'FORWARD', 'IGNORE')),
});
