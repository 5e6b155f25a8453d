import assert from 'node:assert/strict';
import { Agent, type ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { startGateway } from '../../test/support/gateway.ts';
import { fetchFrom } from '../../test/support/http-client.ts';
import { reservePort, startHttpServer, startRawServer } from '../../test/support/http-server.ts';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildRoute,
  cookieAffinity,
  NO_RETRIES,
} from '../../test/support/model-builder.ts';

const RING = {
  kind: 'ringHash',
  minimumSize: 1024,
  maximumSize: 8_388_608,
  hashFunction: 'xxHash',
  hashing: { useHostname: false, balanceFactorPercent: null, policies: [] },
} as const;

describe('Gateway', () => {
  it('forwards a request and its answer, with the headers a proxy owes both sides', async () => {
    await using pod = await startHttpServer((request, response) => {
      response.setHeader('server', 'pod');
      response.end(JSON.stringify({ url: request.url, headers: request.headers }));
    });
    await using test = await startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [buildEndpoint(pod)])]);
    const response = await fetchFrom({
      port: test.port,
      path: '/a?b=c',
      headers: { host: 'shop.example', 'x-forwarded-for': '9.9.9.9', connection: 'close, x-secret', 'x-secret': '1' },
    });
    const seen = JSON.parse(response.text) as { url: string; headers: Record<string, string> };
    assert.equal(response.status, 200);
    assert.equal(response.headers['server'], 'limpet');
    assert.match(String(response.headers['x-envoy-upstream-service-time']), /^\d+$/);
    assert.equal(seen.url, '/a?b=c');
    assert.equal(seen.headers['host'], 'shop.example');
    assert.equal(seen.headers['x-forwarded-for'], '9.9.9.9,127.0.0.1');
    assert.equal(seen.headers['x-forwarded-proto'], 'http');
    assert.match(
      seen.headers['x-request-id'] ?? '',
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.equal(seen.headers['x-secret'], undefined);
  });

  it('keeps a cookie on one pod and sets the cookie once', async () => {
    const pods = await Promise.all([0, 1, 2].map(() => startHttpServer((_request, response) => response.end('ok'))));
    const cluster = buildCluster(
      'c',
      pods.map((pod) => buildEndpoint(pod)),
      { balancer: RING },
    );
    const action = buildForward('c', { affinity: cookieAffinity('sid') });
    await using test = await startGateway([buildRoute(action)], [cluster]);
    const first = await fetchFrom({ port: test.port });
    assert.match(first.setCookies[0] ?? '', /^sid="[0-9a-f]{16}"; HttpOnly$/);
    const cookie = (first.setCookies[0] ?? '').split(';')[0] ?? '';
    for (let i = 0; i < 10; i++) {
      const next = await fetchFrom({ port: test.port, headers: { cookie } });
      assert.deepEqual(next.setCookies, []);
    }
    const addresses = new Set(test.records.map((record) => record.decision?.chosen));
    assert.equal(addresses.size, 1);
    assert.equal(test.records[0]?.decision?.generated, true);
    assert.equal(test.records[1]?.decision?.keySource, 'cookie:sid');
    for (const pod of pods) await pod.close();
  });

  it('keeps connections to pods and to clients', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [buildEndpoint(pod)])]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 5; i++) assert.equal((await fetchFrom({ port: test.port, agent })).text, 'ok');
    agent.destroy();
    assert.equal(pod.connectionCount(), 1);
    assert.equal(test.gateway.gatewayListeners[0]?.stats.connections, 1);
  });

  it('streams large bodies both ways without losing a byte', async () => {
    await using pod = await startHttpServer((request, response) => {
      request.pipe(response);
    });
    await using test = await startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [buildEndpoint(pod)])]);
    const body = Buffer.alloc(5_000_000);
    for (let i = 0; i < body.length; i++) body[i] = (i * 31) % 251;
    const response = await fetchFrom({ port: test.port, method: 'POST', body });
    assert.ok(response.body.equals(body));
    assert.equal(test.records[0]?.bytesReceived, body.length);
  });

  it('answers 404 without a route, 503 UH without an endpoint and 503 UF when nobody listens', async () => {
    const port = await reservePort();
    const dead = buildCluster('dead', [buildEndpoint({ host: '127.0.0.1', port })]);
    const routes = [buildRoute(buildForward('empty'), '/empty'), buildRoute(buildForward('dead'), '/dead')];
    await using test = await startGateway(routes, [buildCluster('empty', []), dead]);
    const statuses = [];
    for (const path of ['/none', '/empty', '/dead']) statuses.push((await fetchFrom({ port: test.port, path })).status);
    assert.deepEqual(statuses, [404, 503, 503]);
    assert.deepEqual(
      test.records.map((record) => record.responseFlags),
      ['NR', 'UH', 'UF'],
    );
  });

  it('answers the share of a target without a cluster with the status of the route', async () => {
    const targets = buildForward('').targets;
    await using test = await startGateway([buildRoute(buildForward('', { targets, emptyStatus: 500 }))], []);
    assert.equal((await fetchFrom({ port: test.port })).status, 500);
  });

  it('writes header values from the configuration as UTF-8', async () => {
    await using pod = await startHttpServer((request, response) => {
      response.end(Buffer.from(String(request.headers['x-city']), 'latin1').toString('utf8'));
    });
    const requestHeaders = { set: [['x-city', 'Zürich']] as const, add: [], remove: [] };
    await using test = await startGateway(
      [buildRoute(buildForward('c'), '/', { requestHeaders })],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    assert.equal((await fetchFrom({ port: test.port })).text, 'Zürich');
  });

  it('tries another pod when one refuses the connection', async () => {
    const port = await reservePort();
    await using pod = await startHttpServer((request, response) =>
      response.end(request.headers['x-envoy-attempt-count']),
    );
    const cluster = buildCluster('c', [buildEndpoint({ host: '127.0.0.1', port }), buildEndpoint(pod)]);
    const retry = {
      ...NO_RETRIES,
      on: ['connect-failure'] as const,
      retries: 2,
      avoidPreviousHosts: true,
      hostSelectionAttempts: 5,
    };
    await using test = await startGateway([buildRoute(buildForward('c', { retry }))], [cluster]);
    for (let i = 0; i < 4; i++) assert.equal((await fetchFrom({ port: test.port })).status, 200);
    assert.ok(test.records.some((record) => record.attempts === 2));
  });

  it('replays a body on a retry, and gives the last answer with URX when the retries are used up', async () => {
    const bodies: string[] = [];
    await using pod = await startHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(503).end('busy');
      });
    });
    const retry = { ...NO_RETRIES, on: ['5xx'] as const, retries: 2 };
    await using test = await startGateway(
      [buildRoute(buildForward('c', { retry }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    const response = await fetchFrom({ port: test.port, method: 'POST', body: 'cart=1' });
    assert.equal(response.status, 503);
    assert.deepEqual(bodies, ['cart=1', 'cart=1', 'cart=1']);
    assert.equal(test.records[0]?.responseFlags, 'URX');
  });

  it('answers 504 UT when the pod takes longer than the route allows', async () => {
    await using pod = await startHttpServer(() => {});
    const action = buildForward('c', { timeoutMillis: 50 });
    await using test = await startGateway([buildRoute(action)], [buildCluster('c', [buildEndpoint(pod)])]);
    const response = await fetchFrom({ port: test.port });
    assert.equal(response.status, 504);
    assert.equal(test.records[0]?.responseFlags, 'UT');
  });

  it('repeats an idempotent request when a kept connection turns out to be dead', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [buildEndpoint(pod)])]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 5; i++) {
      assert.equal((await fetchFrom({ port: test.port, agent })).status, 200);
      pod.destroyConnections();
    }
    agent.destroy();
  });

  it('cuts the client off when a response breaks in the middle', async () => {
    await using pod = await startRawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc');
        setImmediate(() => socket.destroy());
      });
    });
    await using test = await startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [buildEndpoint(pod)])]);
    await assert.rejects(fetchFrom({ port: test.port }));
    assert.match((await test.record(0)).responseFlags, /UC|UPE/);
  });

  it('swaps the configuration under running requests without failing one', async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    await using slow = await startHttpServer((_request, response) => arrived.resolve(response));
    await using fresh = await startHttpServer((_request, response) => response.end('new'));
    const routes = [buildRoute(buildForward('c'))];
    await using test = await startGateway(routes, [buildCluster('c', [buildEndpoint(slow)])]);
    const running = fetchFrom({ port: test.port });
    const held = await arrived.promise;
    await test.reload(routes, [buildCluster('c', [buildEndpoint(fresh)])]);
    assert.equal((await fetchFrom({ port: test.port })).text, 'new');
    held.end('old');
    assert.equal((await running).text, 'old');
  });

  it('finishes what runs when it drains', async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    await using pod = await startHttpServer((_request, response) => arrived.resolve(response));
    const test = await startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [buildEndpoint(pod)])]);
    const running = fetchFrom({ port: test.port });
    const held = await arrived.promise;
    const drained = test.gateway.drain(5_000);
    held.end('done');
    assert.equal((await running).text, 'done');
    await drained;
    await assert.rejects(fetchFrom({ port: test.port }));
  });
});
