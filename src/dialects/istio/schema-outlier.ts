import { goDuration } from '../../resources/duration.ts';
import { bool, deprecated, integer, maybe, object, type Schema, withDefault } from '../../resources/schema.ts';

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

const COUNT = integer(0, 4294967295);

export const outlierDetection: Schema<OutlierSpec> = object<OutlierSpec>({
  consecutiveErrors: deprecated(maybe(COUNT), 'use consecutive5xxErrors; it has no effect'),
  consecutive5xxErrors: maybe(COUNT),
  consecutiveGatewayErrors: maybe(COUNT),
  consecutiveLocalOriginFailures: maybe(COUNT),
  splitExternalLocalOriginErrors: withDefault(bool, false),
  interval: maybe(goDuration(1)),
  baseEjectionTime: maybe(goDuration(1)),
  maxEjectionPercent: withDefault(integer(0, 100), 0),
  minHealthPercent: withDefault(integer(0, 100), 0),
});
