import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway, type TestGateway } from '../../../test/support/gateway.ts';
import { fetchFrom } from '../../../test/support/http-client.ts';
import { reservePort, startHttpServer, type TestServer } from '../../../test/support/http-server.ts';
import { type LogEntry, LogRecorder } from '../../../test/support/log-recorder.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../../test/support/model-builder.ts';
import type { Cluster, HealthCheck, OutlierDetection } from '../../model/cluster.ts';

const OUTLIERS: OutlierDetection = {
  consecutive5xx: 2,
  consecutiveGatewayErrors: 0,
  consecutiveLocalFailures: 2,
  splitLocalOrigin: false,
  enforcing5xxPercent: 100,
  enforcingGatewayErrorsPercent: 0,
  enforcingLocalFailuresPercent: 100,
  intervalMillis: 3_600_000,
  baseEjectionMillis: 3_600_000,
  maxEjectionMillis: 3_600_000,
  maxEjectionPercent: 100,
};

const CHECK: HealthCheck = {
  probe: { kind: 'http', path: '/healthz', host: '', expectedStatuses: [] },
  timeoutMillis: 2000,
  intervalMillis: 10,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
};

const ROUTES = [buildRoute(buildForward('c'))];

/** A pod that says its name, with a status for requests and one for probes that a test may change. */
class Pod implements AsyncDisposable {
  status = 200;
  health = 200;
  readonly server: TestServer;

  private constructor(server: TestServer) {
    this.server = server;
  }

  static async start(name: string): Promise<Pod> {
    let pod: Pod | null = null;
    const server = await startHttpServer((request, response) => {
      const status = request.url === '/healthz' ? pod?.health : pod?.status;
      response.writeHead(status ?? 200).end(name);
    });
    pod = new Pod(server);
    return pod;
  }

  get address(): string {
    return this.server.address;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.close();
  }
}

function clusterOf(pods: readonly Pod[], overrides: Partial<Cluster>): Cluster {
  return buildCluster(
    'c',
    pods.map(({ server }) => buildEndpoint(server)),
    overrides,
  );
}

/** Names of the pods that answer ten requests. */
async function served(test: TestGateway): Promise<string[]> {
  const names = new Set<string>();
  for (let i = 0; i < 10; i++) names.add((await fetchFrom({ port: test.port })).text);
  return [...names].sort();
}

function saysOf(pod: Pod, message: string): (entry: LogEntry) => boolean {
  return (entry) => entry.fields['endpoint'] === pod.address && entry.message === message;
}

function turned(pod: Pod, state: string): (entry: LogEntry) => boolean {
  return (entry) => entry.fields['endpoint'] === pod.address && entry.fields['state'] === state;
}

/** Resolves when the tables have been made anew after a change that was just logged. */
async function tablesOf(test: TestGateway, candidates: number): Promise<void> {
  for (;;) {
    await fetchFrom({ port: test.port });
    if (test.records.at(-1)?.decision?.candidates === candidates) return;
  }
}

describe('outlier detection', () => {
  it('takes a pod that fails out of the balancing and lets it back after its time', async () => {
    await using a = await Pod.start('a');
    await using b = await Pod.start('b');
    const log = new LogRecorder();
    const outlierDetection = { ...OUTLIERS, intervalMillis: 50, baseEjectionMillis: 200, maxEjectionMillis: 200 };
    await using test = await startGateway(ROUTES, [clusterOf([a, b], { outlierDetection })], { log });
    a.status = 500;
    while (log.entries.length === 0) await fetchFrom({ port: test.port });
    const ejected = await log.next(saysOf(a, 'endpoint ejected'));
    assert.deepEqual(ejected.fields, {
      cluster: 'c',
      endpoint: a.address,
      reason: 'consecutive_5xx',
      durationMillis: 200,
    });
    assert.equal(ejected.level, 'info');
    await tablesOf(test, 1);
    a.status = 200;
    await log.next(saysOf(a, 'endpoint let back after its ejection'));
    await tablesOf(test, 2);
    assert.deepEqual(await served(test), ['a', 'b']);
  });

  it('counts a pod that can’t be reached', async () => {
    await using a = await Pod.start('a');
    const port = await reservePort();
    const log = new LogRecorder();
    const endpoints = [buildEndpoint(a.server), buildEndpoint({ host: '127.0.0.1', port })];
    await using test = await startGateway(
      ROUTES,
      [buildCluster('c', endpoints, { outlierDetection: { ...OUTLIERS, splitLocalOrigin: true } })],
      { log },
    );
    while (log.entries.length === 0) await fetchFrom({ port: test.port });
    assert.equal(log.entries[0]?.fields['endpoint'], `127.0.0.1:${port}`);
    assert.equal(log.entries[0]?.fields['reason'], 'consecutive_local_origin_failure');
    await tablesOf(test, 1);
    assert.deepEqual(await served(test), ['a']);
  });

  it('goes on over a reload, and ends with the cluster’s detection', async () => {
    await using a = await Pod.start('a');
    await using b = await Pod.start('b');
    const log = new LogRecorder();
    await using test = await startGateway(ROUTES, [clusterOf([a, b], { outlierDetection: OUTLIERS })], { log });
    a.status = 503;
    while (log.entries.length === 0) await fetchFrom({ port: test.port });
    a.status = 200;
    await test.reload(ROUTES, [clusterOf([a, b], { outlierDetection: OUTLIERS, connectTimeoutMillis: 999 })]);
    assert.deepEqual(await served(test), ['b']);
    await test.reload(ROUTES, [clusterOf([a, b], {})]);
    assert.deepEqual(await served(test), ['a', 'b']);
    assert.equal([...test.gateway.health].length, 0);
  });

  it('moves a session off an ejected pod', async () => {
    await using a = await Pod.start('a');
    await using b = await Pod.start('b');
    const log = new LogRecorder();
    const affinity = {
      kind: 'session',
      session: {
        carriers: [{ kind: 'header', name: 'x-session' }],
        token: { kind: 'address' },
        onLost: { kind: 'rehome' },
      },
      fallback: [],
    } as const;
    const routes = [buildRoute(buildForward('c', { affinity }))];
    await using test = await startGateway(routes, [clusterOf([a, b], { outlierDetection: OUTLIERS })], { log });
    const token = Buffer.from(a.address).toString('base64');
    const send = (): ReturnType<typeof fetchFrom> => fetchFrom({ port: test.port, headers: { 'x-session': token } });
    assert.equal((await send()).text, 'a');
    a.status = 500;
    await send();
    await send();
    await tablesOf(test, 1);
    const moved = await send();
    assert.equal(moved.text, 'b');
    assert.equal(Buffer.from(String(moved.headers['x-session']), 'base64').toString(), b.address);
    assert.equal(test.records.at(-1)?.decision?.token, 'refused-endpoint');
  });
});

describe('active health checks', () => {
  it('take a pod out while it says that it is not well, and back when it is', async () => {
    await using a = await Pod.start('a');
    await using b = await Pod.start('b');
    const log = new LogRecorder();
    await using test = await startGateway(ROUTES, [clusterOf([a, b], { healthChecks: [CHECK] })], { log });
    a.health = 500;
    for (let flap = 1; flap <= 3; flap++) {
      await log.next(turned(a, 'unhealthy'), flap);
      await tablesOf(test, 1);
      assert.deepEqual(await served(test), ['b']);
      a.health = 200;
      await log.next(turned(a, 'healthy'), flap);
      await tablesOf(test, 2);
      assert.deepEqual(await served(test), ['a', 'b']);
      a.health = 500;
    }
  });

  it('use connections of their own', async () => {
    await using a = await Pod.start('a');
    const log = new LogRecorder();
    await using test = await startGateway(ROUTES, [clusterOf([a], { healthChecks: [CHECK] })], { log });
    a.health = 404;
    await log.next(turned(a, 'unhealthy'));
    assert.equal([...test.gateway.hosts][0]?.[1].connections, 0);
  });

  it('give a pod that joins no work before its first check', async () => {
    await using a = await Pod.start('a');
    await using b = await Pod.start('b');
    const log = new LogRecorder();
    const slow = { ...CHECK, intervalMillis: 60_000 };
    await using test = await startGateway(ROUTES, [clusterOf([a], { healthChecks: [slow] })], { log });
    assert.deepEqual(await served(test), ['a'], 'the first pods of a cluster serve at once');
    await test.reload(ROUTES, [clusterOf([a, b], { healthChecks: [slow] })]);
    const before = (await fetchFrom({ port: test.port })).text;
    assert.equal(before, 'a');
    await log.next(turned(b, 'healthy'));
    await tablesOf(test, 2);
    assert.deepEqual(await served(test), ['a', 'b']);
  });

  it('keep what they found over a reload with the same checks, and forget it without checks', async () => {
    await using a = await Pod.start('a');
    await using b = await Pod.start('b');
    const log = new LogRecorder();
    const slow = { ...CHECK, intervalMillis: 60_000 };
    a.health = 500;
    await using test = await startGateway(ROUTES, [clusterOf([a, b], { healthChecks: [slow] })], { log });
    await log.next(turned(a, 'unhealthy'));
    await test.reload(ROUTES, [clusterOf([a, b], { healthChecks: [slow] })]);
    assert.deepEqual(await served(test), ['b']);
    await test.reload(ROUTES, [clusterOf([a, b], {})]);
    assert.deepEqual(await served(test), ['a', 'b']);
    assert.equal([...test.gateway.health].length, 0);
  });

  it('end an ejection when the pod passes', async () => {
    await using a = await Pod.start('a');
    await using b = await Pod.start('b');
    const log = new LogRecorder();
    const cluster = clusterOf([a, b], { healthChecks: [CHECK], outlierDetection: OUTLIERS });
    await using test = await startGateway(ROUTES, [cluster], { log });
    a.status = 500;
    while (!log.entries.some(saysOf(a, 'endpoint ejected'))) await fetchFrom({ port: test.port });
    await log.next(saysOf(a, 'endpoint let back after its ejection'));
  });

  it('fill the window of slow start when a pod has come back', async () => {
    await using a = await Pod.start('a');
    await using b = await Pod.start('b');
    const log = new LogRecorder();
    const slowStart = { windowMillis: 3_600_000, aggression: 1, minWeightPercent: 1 };
    const cluster = clusterOf([a, b], { healthChecks: [CHECK], balancer: { kind: 'roundRobin', slowStart } });
    await using test = await startGateway(ROUTES, [cluster], { log });
    const [hostA, hostB] = [...test.gateway.hosts].map(([, host]) => host);
    if (hostA === undefined || hostB === undefined) assert.fail('two hosts');
    hostA.healthySinceMillis -= 7_200_000;
    hostB.healthySinceMillis -= 7_200_000;
    a.health = 500;
    await log.next(turned(a, 'unhealthy'));
    a.health = 200;
    await log.next(turned(a, 'healthy'));
    await tablesOf(test, 2);
    let fromA = 0;
    for (let i = 0; i < 60; i++) if ((await fetchFrom({ port: test.port })).text === 'a') fromA++;
    assert.ok(fromA <= 3, `${fromA} of 60 requests went to the pod that had just come back`);
  });
});
