import type { Metrics } from '../telemetry/metrics.ts';
import type { BreakerLimit, CircuitBreaker } from './circuit-breaker.ts';
import type { Gateway } from './gateway.ts';
import type { OutlierReason } from './health/outlier-monitor.ts';

const LIMITS = ['connections', 'pending', 'requests', 'retries'] as const satisfies readonly BreakerLimit[];
const DETECTORS = [
  'consecutive_5xx',
  'consecutive_gateway_failure',
  'consecutive_local_origin_failure',
] as const satisfies readonly OutlierReason[];

type MetricRegistry = Pick<Metrics, 'counter' | 'gauge'>;

/** Circuit breakers, outlier detection and health checks. Clusters that have none of them have no series here. */
export function registerResilienceMetrics(metrics: MetricRegistry, gateway: Gateway): void {
  registerBreakers(metrics, gateway);
  registerOutliers(metrics, gateway);
  registerChecks(metrics, gateway);
  metrics.gauge('limpet_upstream_connections_open', 'Connections by endpoint', ['cluster', 'upstream_addr'], (emit) => {
    for (const [cluster, host] of gateway.hosts) emit(host.connections, cluster, host.address);
  });
}

function registerBreakers(metrics: MetricRegistry, gateway: Gateway): void {
  const each = (visit: (cluster: string, breaker: CircuitBreaker) => void): void => {
    for (const [cluster, { breaker }] of gateway.runtime?.clusters ?? []) if (breaker !== null) visit(cluster, breaker);
  };
  metrics.counter('limpet_upstream_overflows_total', 'Times a limit was met', ['cluster', 'limit'], (emit) =>
    each((cluster, breaker) => {
      for (const limit of LIMITS) emit(breaker.overflows[limit], cluster, limit);
    }),
  );
  metrics.gauge('limpet_upstream_requests_pending', 'Attempts waiting for a connection', ['cluster'], (emit) =>
    each((cluster, breaker) => emit(breaker.pending, cluster)),
  );
  metrics.gauge('limpet_upstream_retries_active', 'Retries that have no answer yet', ['cluster'], (emit) =>
    each((cluster, breaker) => emit(breaker.retries, cluster)),
  );
}

function registerOutliers(metrics: MetricRegistry, gateway: Gateway): void {
  const labels = ['cluster', 'detector', 'outcome'];
  metrics.counter('limpet_outlier_ejections_total', 'Times a detector met its limit', labels, (emit) => {
    for (const [cluster, { detector }] of gateway.health) {
      if (detector === null) continue;
      for (const name of DETECTORS) {
        const { enforced, spared, overflowed } = detector.counts[name];
        emit(enforced, cluster, name, 'enforced');
        emit(spared, cluster, name, 'spared');
        emit(overflowed, cluster, name, 'overflowed');
      }
    }
  });
  metrics.gauge('limpet_outlier_ejections_active', 'Endpoints that this detection has out', ['cluster'], (emit) => {
    for (const [cluster, { detector }] of gateway.health) if (detector !== null) emit(detector.ownEjected, cluster);
  });
}

function registerChecks(metrics: MetricRegistry, gateway: Gateway): void {
  metrics.counter('limpet_health_checks_total', 'Health checks by result', ['cluster', 'result'], (emit) => {
    for (const [cluster, { checkCounts }] of gateway.health) {
      for (const [result, count] of Object.entries(checkCounts ?? {})) emit(count, cluster, result);
    }
  });
  metrics.gauge(
    'limpet_health_check_failed',
    'Endpoints that fail their checks',
    ['cluster', 'upstream_addr'],
    (emit) => {
      // Only the process that runs the checks counts, so that a sum over workers is right.
      const checked = new Set(
        [...gateway.health].filter(([, { checkCounts }]) => checkCounts !== null).map(([name]) => name),
      );
      for (const [cluster, host] of gateway.hosts) {
        if (checked.has(cluster) && host.failedActiveCheck) emit(1, cluster, host.address);
      }
    },
  );
}
