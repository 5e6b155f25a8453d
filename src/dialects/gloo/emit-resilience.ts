import type { HealthCheck, OutlierDetection } from '../../model/cluster.ts';
import type { HealthCheckSpec, OutlierSpec } from './schema-resilience.ts';

/** Envoy's defaults where Gloo sends nothing. */
export function emitOutlierDetection(spec: OutlierSpec): OutlierDetection {
  const baseEjectionMillis = spec.baseEjectionTime ?? 30_000;
  return {
    consecutive5xx: spec.consecutive5xx ?? 5,
    enforcing5xxPercent: spec.enforcingConsecutive5xx ?? 100,
    consecutiveGatewayErrors: spec.consecutiveGatewayFailure ?? 5,
    enforcingGatewayErrorsPercent: spec.enforcingConsecutiveGatewayFailure ?? 0,
    consecutiveLocalFailures: spec.consecutiveLocalOriginFailure ?? 5,
    enforcingLocalFailuresPercent: spec.enforcingConsecutiveLocalOriginFailure ?? 100,
    splitLocalOrigin: spec.splitExternalLocalOriginErrors,
    intervalMillis: spec.interval ?? 10_000,
    baseEjectionMillis,
    maxEjectionMillis: Math.max(300_000, baseEjectionMillis),
    maxEjectionPercent: spec.maxEjectionPercent ?? 10,
  };
}

export function emitHealthCheck(spec: HealthCheckSpec): HealthCheck {
  const { httpHealthCheck: http } = spec;
  return {
    probe:
      http === null
        ? { kind: 'tcp' }
        : {
            kind: 'http',
            path: http.path,
            host: http.host,
            expectedStatuses:
              http.expectedStatuses.length === 0
                ? [[200, 200]]
                : http.expectedStatuses.map(({ start, end }) => [start, end - 1] as const),
          },
    timeoutMillis: spec.timeout,
    intervalMillis: spec.interval,
    healthyThreshold: spec.healthyThreshold,
    unhealthyThreshold: spec.unhealthyThreshold,
  };
}
