import type { OutlierDetection } from '../../model/cluster.ts';
import type { OutlierSpec } from './schema-outlier.ts';

/** Envoy's defaults where Istio writes nothing (istio-affinity §5). */
const DEFAULT_ERRORS = 5;
const DEFAULT_BASE_EJECTION_MILLIS = 30_000;
const DEFAULT_MAX_EJECTION_MILLIS = 300_000;

export function emitOutlierDetection(spec: OutlierSpec): OutlierDetection {
  const baseEjectionMillis = spec.baseEjectionTime ?? DEFAULT_BASE_EJECTION_MILLIS;
  const { splitExternalLocalOriginErrors: splitLocalOrigin, consecutiveLocalOriginFailures } = spec;
  return {
    consecutive5xx: spec.consecutive5xxErrors ?? DEFAULT_ERRORS,
    enforcing5xxPercent: spec.consecutive5xxErrors === 0 ? 0 : 100,
    // Gateway errors are only counted unless a number is given.
    consecutiveGatewayErrors: spec.consecutiveGatewayErrors ?? DEFAULT_ERRORS,
    enforcingGatewayErrorsPercent: (spec.consecutiveGatewayErrors ?? 0) > 0 ? 100 : 0,
    consecutiveLocalFailures: (splitLocalOrigin ? consecutiveLocalOriginFailures : null) || DEFAULT_ERRORS,
    enforcingLocalFailuresPercent: 100,
    splitLocalOrigin,
    intervalMillis: spec.interval ?? 10_000,
    baseEjectionMillis,
    maxEjectionMillis: Math.max(DEFAULT_MAX_EJECTION_MILLIS, baseEjectionMillis),
    maxEjectionPercent: spec.maxEjectionPercent || 10,
  };
}
