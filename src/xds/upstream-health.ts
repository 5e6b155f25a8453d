import type { Cluster, HealthCheck, OutlierDetection } from '../model/cluster.ts';
import { duration, type Message, message, percent } from './proto-json.ts';

/** No limit, in a field whose own default is 1024 or 3. */
const NO_LIMIT = 4294967295;
/** Envoy's default, unless the base is longer. */
const MAX_EJECTION_MILLIS = 300_000;

export function emitCircuitBreakers({ circuitBreakers, retryBudget }: Cluster): Message {
  const threshold = message({
    maxConnections: circuitBreakers.maxConnections ?? NO_LIMIT,
    maxPendingRequests: circuitBreakers.maxPendingRequests ?? NO_LIMIT,
    maxRequests: circuitBreakers.maxRequests ?? NO_LIMIT,
    maxRetries: circuitBreakers.maxRetries ?? NO_LIMIT,
    retryBudget:
      retryBudget === null
        ? null
        : { budgetPercent: percent(retryBudget.percent), minRetryConcurrency: retryBudget.minConcurrency },
  });
  return { thresholds: [threshold] };
}

/** Success rates are never a reason to eject, which Envoy has to be told. */
export function emitOutlierDetection(outliers: OutlierDetection): Message {
  const { baseEjectionMillis: base, maxEjectionMillis: max, splitLocalOrigin } = outliers;
  return message({
    consecutive5xx: outliers.consecutive5xx,
    enforcingConsecutive5xx: outliers.enforcing5xxPercent,
    consecutiveGatewayFailure: outliers.consecutiveGatewayErrors,
    enforcingConsecutiveGatewayFailure: outliers.enforcingGatewayErrorsPercent,
    ...(splitLocalOrigin ? emitLocalOrigin(outliers) : {}),
    interval: duration(outliers.intervalMillis),
    baseEjectionTime: duration(base),
    maxEjectionTime: max === Math.max(MAX_EJECTION_MILLIS, base) ? null : duration(max),
    maxEjectionPercent: outliers.maxEjectionPercent,
    enforcingSuccessRate: 0,
    enforcingFailurePercentage: 0,
  });
}

function emitLocalOrigin({ consecutiveLocalFailures, enforcingLocalFailuresPercent }: OutlierDetection): Message {
  return {
    splitExternalLocalOriginErrors: true,
    consecutiveLocalOriginFailure: consecutiveLocalFailures,
    enforcingConsecutiveLocalOriginFailure: enforcingLocalFailuresPercent,
    enforcingLocalOriginSuccessRate: 0,
  };
}

/** Envoy wants a name for each where there are several. */
export function emitHealthChecks(checks: readonly HealthCheck[]): Message[] {
  return checks.map((check, index) => emitHealthCheck(check, checks.length > 1 ? `check-${index + 1}` : null));
}

function emitHealthCheck({ probe, ...check }: HealthCheck, name: string | null): Message {
  return message({
    name,
    timeout: duration(check.timeoutMillis),
    interval: duration(check.intervalMillis),
    unhealthyThreshold: check.unhealthyThreshold,
    healthyThreshold: check.healthyThreshold,
    ...(probe.kind === 'tcp'
      ? { tcpHealthCheck: {} }
      : {
          httpHealthCheck: message({
            path: probe.path,
            host: probe.host || null,
            // Envoy's ranges leave their end out.
            expectedStatuses: probe.expectedStatuses.map(([start, end]) => ({
              start: String(start),
              end: String(end + 1),
            })),
          }),
        }),
  });
}
