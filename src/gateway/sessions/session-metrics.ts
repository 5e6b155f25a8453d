import type { Metrics } from '../../telemetry/metrics.ts';
import type { Gateway } from '../gateway.ts';
import type { SessionControl } from './session-control.ts';

/** Live sessions and drains, as the process knows them that has the configuration: no sums over workers. */
export function registerSessionMetrics(
  metrics: Pick<Metrics, 'counter' | 'gauge'>,
  gateway: Gateway,
  sessions: SessionControl,
): void {
  const labels = ['cluster', 'upstream_addr'];
  metrics.gauge('limpet_sessions_live', 'Sessions with a request within their idle time', labels, (emit) => {
    for (const [cluster, host] of gateway.hosts) {
      if (host.liveSessions > 0) emit(host.liveSessions, cluster, host.address);
    }
  });
  metrics.counter('limpet_sessions_forgotten_total', 'Live sessions beyond the limit live-sessions', [], (emit) =>
    emit(sessions.center.forgotten),
  );
  metrics.gauge(
    'limpet_sessions_to_move',
    'Sessions chosen to move with their next request at a safe point',
    [],
    (emit) => emit(sessions.center.sessionsToMove),
  );
  metrics.gauge('limpet_endpoint_draining', 'Endpoints that take no new work', [...labels, 'by'], (emit) => {
    for (const [cluster, host] of gateway.hosts) {
      if (host.drain !== null) emit(1, cluster, host.address, host.drain.by);
    }
  });
}
