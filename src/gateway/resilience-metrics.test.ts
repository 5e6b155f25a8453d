import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway } from '../../test/support/gateway.ts';
import { fetchFrom } from '../../test/support/http-client.ts';
import { startHttpServer } from '../../test/support/http-server.ts';
import { LogRecorder } from '../../test/support/log-recorder.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../test/support/model-builder.ts';
import { NO_CIRCUIT_BREAKERS } from '../model/cluster.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { registerResilienceMetrics } from './resilience-metrics.ts';

describe('registerResilienceMetrics', () => {
  it('tells overflows, ejections and checks of the clusters that have them, and of no others', async () => {
    await using pod = await startHttpServer((_request, response) => response.writeHead(500).end());
    const endpoints = [buildEndpoint(pod)];
    const guarded = buildCluster('guarded', endpoints, {
      circuitBreakers: { ...NO_CIRCUIT_BREAKERS, maxRequests: 0 },
    });
    const watched = buildCluster('watched', endpoints, {
      outlierDetection: {
        consecutive5xx: 1,
        consecutiveGatewayErrors: 0,
        consecutiveLocalFailures: 0,
        splitLocalOrigin: false,
        enforcing5xxPercent: 100,
        enforcingGatewayErrorsPercent: 0,
        enforcingLocalFailuresPercent: 0,
        intervalMillis: 3_600_000,
        baseEjectionMillis: 3_600_000,
        maxEjectionMillis: 3_600_000,
        maxEjectionPercent: 100,
      },
    });
    const checked = buildCluster('checked', endpoints, {
      healthChecks: [
        {
          probe: { kind: 'http', path: '/', host: '', expectedStatuses: [] },
          timeoutMillis: 1000,
          intervalMillis: 3_600_000,
          unhealthyThreshold: 1,
          healthyThreshold: 1,
        },
      ],
    });
    const log = new LogRecorder();
    const routes = ['guarded', 'watched', 'plain'].map((name) => buildRoute(buildForward(name), `/${name}`));
    await using test = await startGateway(routes, [guarded, watched, checked, buildCluster('plain', endpoints)], {
      log,
    });
    await log.next(({ fields }) => fields['cluster'] === 'checked');
    for (const path of ['/guarded', '/watched', '/plain']) await fetchFrom({ port: test.port, path });
    const metrics = createMetrics({ processMetrics: false });
    registerResilienceMetrics(metrics, test.gateway);
    const lines = (await metrics.metrics()).split('\n').filter((line) => !line.startsWith('#') && / [1-9]/.test(line));
    const open = lines.filter((line) => line.startsWith('limpet_upstream_connections_open{'));
    assert.equal(open.length, 2);
    assert.deepEqual(
      lines.filter((line) => !open.includes(line)),
      [
        'limpet_upstream_overflows_total{cluster="guarded",limit="requests"} 1',
        'limpet_outlier_ejections_total{cluster="watched",detector="consecutive_5xx",outcome="enforced"} 1',
        'limpet_outlier_ejections_active{cluster="watched"} 1',
        'limpet_health_checks_total{cluster="checked",result="refused"} 1',
        `limpet_health_check_failed{cluster="checked",upstream_addr="${pod.address}"} 1`,
      ],
    );
    assert.ok(!(await metrics.metrics()).split('\n').some((line) => /(overflows|ejections|checks).*plain/.test(line)));
  });
});
