import type { Snapshot } from '../model/model.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type ClusterStats, DURATION_BUCKETS } from './cluster-stats.ts';
import type { Gateway } from './gateway.ts';
import { registerResilienceMetrics } from './resilience-metrics.ts';

const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** Metrics that views read as well, where the gateways that count are in other processes. */
export const ACTIVE_CONNECTIONS = 'limpet_downstream_connections_active';
export const UPSTREAM_REQUESTS = 'limpet_upstream_requests_total';
export const ACTIVE_REQUESTS = 'limpet_upstream_requests_active';

type MetricRegistry = Pick<Metrics, 'counter' | 'gauge' | 'histogram'>;

/**
 * Offers the data plane's counters to a registry. Everything is read when somebody scrapes and nothing before. Each of
 * these metrics makes sense as a sum over workers; one that does not belongs elsewhere.
 */
export function registerGatewayMetrics(metrics: MetricRegistry, gateway: Gateway): void {
  registerListeners(metrics, gateway);
  registerClusters(metrics, gateway);
  registerHosts(metrics, gateway);
  registerResilienceMetrics(metrics, gateway);
}

/** What the process that owns the configuration knows of it. */
export function registerSnapshotMetrics(metrics: MetricRegistry, snapshot: () => Snapshot | null): void {
  metrics.gauge('limpet_snapshot_revision', 'Revision of the configuration that serves', [], (emit) =>
    emit(snapshot()?.revision ?? 0),
  );
  metrics.gauge('limpet_snapshot_diagnostics', 'Diagnostics of the serving configuration', ['severity'], (emit) => {
    for (const severity of ['error', 'warning', 'note']) {
      emit(snapshot()?.diagnostics.filter((each) => each.severity === severity).length ?? 0, severity);
    }
  });
}

function registerListeners(metrics: MetricRegistry, gateway: Gateway): void {
  metrics.counter('limpet_access_log_lines_dropped_total', 'Lines that nobody took in time', [], (emit) =>
    emit(gateway.droppedLogLines),
  );
  const label = ['listener'];
  metrics.counter('limpet_downstream_connections_total', 'Client connections accepted', label, (emit) => {
    for (const { name, stats } of gateway.gatewayListeners) emit(stats.connections, name);
  });
  metrics.gauge(ACTIVE_CONNECTIONS, 'Client connections open', label, (emit) => {
    for (const { name, stats } of gateway.gatewayListeners) emit(stats.activeConnections, name);
  });
  metrics.counter('limpet_downstream_requests_total', 'Requests whose head was read', label, (emit) => {
    for (const { name, stats } of gateway.gatewayListeners) emit(stats.requests, name);
  });
  metrics.counter(
    'limpet_refused_connections_total',
    'Client connections closed at once: beyond the limit, or without a PROXY protocol header',
    [...label, 'reason'],
    (emit) => {
      for (const { name, stats } of gateway.gatewayListeners) {
        emit(stats.refusedConnections, name, 'limit');
        emit(stats.refusedProxyHeaders, name, 'proxy-protocol');
      }
    },
  );
  metrics.counter('limpet_refused_requests_total', 'Bytes refused as no valid request', [...label, 'code'], (emit) => {
    for (const { name, stats } of gateway.gatewayListeners) {
      for (const [code, count] of stats.refused) emit(count, name, code);
    }
  });
}

function registerClusters(metrics: MetricRegistry, gateway: Gateway): void {
  const each = (visit: (name: string, stats: ClusterStats) => void): void => {
    for (const [name, { stats }] of gateway.runtime?.clusters ?? []) visit(name, stats);
  };
  metrics.counter('limpet_responses_total', 'Responses by status class', ['cluster', 'status'], (emit) =>
    each((name, stats) => {
      stats.responses.forEach((count, index) => {
        emit(count, name, STATUS_CLASSES[index] ?? '');
      });
    }),
  );
  metrics.counter(
    'limpet_decisions_total',
    'Why requests went to their endpoint',
    ['cluster', 'mode', 'token', 'reason'],
    (emit) =>
      each((name, stats) => {
        stats.forEachDecision((mode, token, reason, count) => emit(count, name, mode, token, reason));
      }),
  );
  const counters = [
    ['limpet_upstream_retries_total', 'Attempts that were tried again', 'retries'],
    ['limpet_upstream_connect_failures_total', 'Upstream connections that failed', 'connectFailures'],
    ['limpet_upstream_resets_total', 'Attempts whose connection ended before the response', 'resets'],
    ['limpet_upstream_timeouts_total', 'Attempts and requests that took too long', 'timeouts'],
    ['limpet_mirrored_requests_total', 'Copies of requests sent to a mirror', 'mirrors'],
    ['limpet_mirror_failures_total', 'Copies that came to nothing', 'mirrorFailures'],
    ['limpet_upgrades_total', 'Connections that switched protocols (WebSocket)', 'upgrades'],
  ] as const;
  for (const [name, help, field] of counters) {
    metrics.counter(name, help, ['cluster'], (emit) => each((cluster, stats) => emit(stats[field], cluster)));
  }
  metrics.gauge('limpet_upgrades_active', 'Open connections that switched protocols', ['cluster'], (emit) =>
    each((cluster, stats) => emit(stats.activeUpgrades, cluster)),
  );
  metrics.histogram('limpet_request_duration_milliseconds', 'Requests by duration', ['cluster'], (emit) =>
    each((name, stats) => {
      let count = 0;
      stats.durations.forEach((inBucket, index) => {
        count += inBucket;
        emit(count, name, String(DURATION_BUCKETS[index] ?? '+Inf'));
      });
      emit(stats.durationSumMillis, name, 'sum');
    }),
  );
}

function registerHosts(metrics: MetricRegistry, gateway: Gateway): void {
  const labels = ['cluster', 'upstream_addr'];
  metrics.counter(UPSTREAM_REQUESTS, 'Attempts by endpoint', labels, (emit) => {
    for (const [cluster, host] of gateway.hosts) emit(host.requests, cluster, host.address);
  });
  metrics.gauge(ACTIVE_REQUESTS, 'Requests in flight by endpoint', labels, (emit) => {
    for (const [cluster, host] of gateway.hosts) emit(host.activeRequests, cluster, host.address);
  });
  metrics.gauge('limpet_upstream_connections_idle', 'Kept connections by endpoint', labels, (emit) => {
    for (const [cluster, host] of gateway.hosts) emit(host.pool.idleCount, cluster, host.address);
  });
}
