import { goDuration } from '../../resources/duration.ts';
import { bool, maybe, object, type Schema, warnedOf, withDefault } from '../../resources/schema.ts';
import { INT32, UINT32 } from './schema-common.ts';

/** null: left to Envoy's default. Times in milliseconds. */
export interface OutlierSpec {
  readonly consecutiveErrors: number | null;
  readonly consecutive5xxErrors: number | null;
  readonly consecutiveGatewayErrors: number | null;
  readonly consecutiveLocalOriginFailures: number | null;
  readonly splitExternalLocalOriginErrors: boolean;
  readonly interval: number | null;
  readonly baseEjectionTime: number | null;
  /** 0 counts as not set. */
  readonly maxEjectionPercent: number;
  /** The share of healthy endpoints below which all serve; 0: never. */
  readonly minHealthPercent: number;
}

export const outlierDetection: Schema<OutlierSpec> = object<OutlierSpec>({
  consecutiveErrors: warnedOf(maybe(INT32), 'use consecutive5xxErrors; it has no effect'),
  consecutive5xxErrors: maybe(UINT32),
  consecutiveGatewayErrors: maybe(UINT32),
  consecutiveLocalOriginFailures: maybe(UINT32),
  splitExternalLocalOriginErrors: withDefault(bool, false),
  interval: maybe(goDuration(1)),
  baseEjectionTime: maybe(goDuration(1)),
  maxEjectionPercent: withDefault(INT32, 0),
  minHealthPercent: withDefault(INT32, 0),
});
