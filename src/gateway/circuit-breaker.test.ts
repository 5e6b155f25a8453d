import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { fetchFrom, RawClient, type TestResponse } from '../../test/support/http-client.ts';
import { reservePort, startHttpServer, type TestServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute, NO_RETRIES } from '../../test/support/model-builder.ts';
import { type Cluster, NO_CIRCUIT_BREAKERS } from '../model/cluster.ts';
import type { ForwardAction } from '../model/route.ts';

/** A pod whose answers a test gives itself, in the order the requests came. */
class HeldPod implements AsyncDisposable {
  readonly server: TestServer;
  /** Paths of the requests that came, in order. */
  readonly paths: string[] = [];
  readonly #open: { request: IncomingMessage; response: ServerResponse }[] = [];
  #wake: () => void = () => {};

  private constructor(start: (onRequest: (request: IncomingMessage, response: ServerResponse) => void) => TestServer) {
    this.server = start((request, response) => {
      this.paths.push(request.url ?? '');
      this.#open.push({ request, response });
      this.#wake();
    });
  }

  static async start(): Promise<HeldPod> {
    let onRequest: (request: IncomingMessage, response: ServerResponse) => void = () => {};
    const server = await startHttpServer((request, response) => onRequest(request, response));
    return new HeldPod((handler) => {
      onRequest = handler;
      return server;
    });
  }

  /** Resolves once `count` requests have come in all. */
  async arrived(count: number): Promise<void> {
    while (this.paths.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Answers the oldest request that has no answer yet. */
  answer(status = 200): void {
    const next = this.#open.shift();
    next?.response.writeHead(status).end(next.request.url);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.close();
  }
}

function startLimited(
  pods: readonly TestServer[],
  limits: Partial<Cluster['circuitBreakers']>,
  overrides: { readonly cluster?: Partial<Cluster>; readonly action?: Partial<ForwardAction> } = {},
): Promise<TestGateway> {
  const circuitBreakers = { ...NO_CIRCUIT_BREAKERS, ...limits };
  const endpoints = pods.map((pod) => buildEndpoint(pod));
  const cluster = buildCluster('c', endpoints, { circuitBreakers, ...overrides.cluster });
  return startGateway([buildRoute(buildForward('c', overrides.action))], [cluster]);
}

function get(test: TestGateway, path: string): Promise<TestResponse> {
  return fetchFrom({ port: test.port, path });
}

/** Resolves once so many requests of the cluster wait. */
async function pending(test: TestGateway, count: number): Promise<void> {
  const breaker = test.gateway.runtime?.clusters.get('c')?.breaker;
  while (breaker?.pending !== count) await new Promise((resolve) => setImmediate(resolve));
}

function assertOverflow(response: TestResponse): void {
  assert.equal(response.status, 503);
  assert.equal(response.headers['x-envoy-overloaded'], 'true');
  assert.match(response.text, /reset reason: overflow/);
}

function overflows(test: TestGateway): Readonly<Record<string, number>> {
  return test.gateway.runtime?.clusters.get('c')?.breaker?.overflows ?? {};
}

describe('a circuit breaker', () => {
  it('is nothing at all where a cluster has no limits', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startLimited([pod], {});
    assert.equal(test.gateway.runtime?.clusters.get('c')?.breaker, null);
  });

  it('refuses requests beyond the most that may run, with flag UO', async () => {
    await using pod = await HeldPod.start();
    await using test = await startLimited([pod.server], { maxRequests: 2 });
    const running = [get(test, '/1'), get(test, '/2')];
    await pod.arrived(2);
    assertOverflow(await get(test, '/3'));
    assert.equal(test.records[0]?.responseFlags, 'UO');
    assert.equal(test.records[0]?.attempts, 0);
    assert.equal(overflows(test)['requests'], 1);
    pod.answer();
    assert.equal((await Promise.race(running)).status, 200);
    const next = get(test, '/4');
    await pod.arrived(3);
    pod.answer();
    pod.answer();
    await Promise.all([...running, next]);
  });

  it('lets requests wait for a connection, and serves them in the order they came', async () => {
    await using pod = await HeldPod.start();
    await using test = await startLimited([pod.server], { maxConnections: 1 });
    const answers: Promise<TestResponse>[] = [];
    for (let i = 1; i <= 5; i++) {
      answers.push(get(test, `/${i}`));
      if (i === 1) await pod.arrived(1);
      else await pending(test, i - 1);
    }
    for (let i = 1; i <= 5; i++) {
      await pod.arrived(i);
      pod.answer();
    }
    await Promise.all(answers);
    assert.deepEqual(pod.paths, ['/1', '/2', '/3', '/4', '/5']);
    assert.equal(pod.server.connectionCount(), 1);
    assert.equal(overflows(test)['connections'], 4);
  });

  it('refuses what can neither run nor wait', async () => {
    await using pod = await HeldPod.start();
    await using test = await startLimited([pod.server], { maxConnections: 1, maxPendingRequests: 1 });
    const first = get(test, '/1');
    await pod.arrived(1);
    const second = get(test, '/2');
    await pending(test, 1);
    assertOverflow(await get(test, '/3'));
    assert.equal(overflows(test)['pending'], 1);
    pod.answer();
    await pod.arrived(2);
    pod.answer();
    assert.deepEqual([(await first).text, (await second).text], ['/1', '/2']);
  });

  it('counts requests whose connection is being opened as waiting', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startLimited([pod], { maxPendingRequests: 0 });
    assertOverflow(await get(test, '/'));
  });

  it('gives a host without a connection one beyond the limit, so that nobody waits for ever', async () => {
    await using one = await HeldPod.start();
    await using two = await HeldPod.start();
    await using test = await startLimited([one.server, two.server], { maxConnections: 1 });
    const answers = [get(test, '/1'), get(test, '/2')];
    await Promise.all([one.arrived(1), two.arrived(1)]);
    one.answer();
    two.answer();
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status),
      [200, 200],
    );
  });

  it('lets a new connection follow one that closed, and the client that waited longest have it', async () => {
    await using pod = await HeldPod.start();
    await using test = await startLimited(
      [pod.server],
      { maxConnections: 1, maxRequests: 1 },
      { cluster: { maxRequestsPerConnection: 1 } },
    );
    using busy = await RawClient.connect(test.port);
    busy.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /3 HTTP/1.1\r\nhost: a\r\n\r\n');
    await pod.arrived(1);
    const second = get(test, '/2');
    await pending(test, 1);
    pod.answer();
    await pod.arrived(2);
    pod.answer();
    assert.equal((await second).text, '/2');
    await pod.arrived(3);
    pod.answer();
    await busy.waitFor(/\n\/3\r/);
    assert.deepEqual(pod.paths, ['/1', '/2', '/3']);
    assert.equal(pod.server.connectionCount(), 3);
  });

  it('forgets a request whose client left while it waited', async () => {
    await using pod = await HeldPod.start();
    await using test = await startLimited([pod.server], { maxConnections: 1 });
    const first = get(test, '/1');
    await pod.arrived(1);
    const leaving = await RawClient.connect(test.port);
    leaving.write('GET /2 HTTP/1.1\r\nhost: a\r\n\r\n');
    await pending(test, 1);
    leaving.socket.resetAndDestroy();
    await pending(test, 0);
    const third = get(test, '/3');
    await pending(test, 1);
    pod.answer();
    await pod.arrived(2);
    pod.answer();
    assert.deepEqual([(await first).text, (await third).text], ['/1', '/3']);
    assert.equal((await test.record(0)).responseFlags, 'DC');
  });

  it('ends the wait with the route’s time, also that of an upload', async () => {
    await using pod = await HeldPod.start();
    await using test = await startLimited([pod.server], { maxConnections: 1 }, { action: { timeoutMillis: 100 } });
    using slow = await RawClient.connect(test.port);
    slow.write('POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n');
    await pod.arrived(1);
    using upload = await RawClient.connect(test.port);
    upload.write('POST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nabc');
    const waiting = await get(test, '/3');
    assert.equal(waiting.status, 504);
    assert.match(await upload.waitFor(/\r\n\r\n/), /^HTTP\/1\.1 504 /);
    assert.equal(test.gateway.runtime?.clusters.get('c')?.breaker?.pending, 0);
  });

  it('loses nothing of a body that had to wait', async () => {
    const body = Buffer.alloc(300_000, 'x');
    const lengths: number[] = [];
    const held = Promise.withResolvers<ServerResponse>();
    await using pod = await startHttpServer((request, response) => {
      if (request.url === '/1') {
        held.resolve(response);
        return;
      }
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      request.on('end', () => {
        lengths.push(length);
        response.end();
      });
    });
    await using test = await startLimited([pod], { maxConnections: 1 });
    const first = get(test, '/1');
    const running = await held.promise;
    const uploads = [
      fetchFrom({ port: test.port, method: 'POST', path: '/2', body }),
      fetchFrom({ port: test.port, method: 'POST', path: '/3', headers: { 'transfer-encoding': 'chunked' }, body }),
    ];
    await pending(test, 2);
    running.end();
    for (const response of await Promise.all([first, ...uploads])) assert.equal(response.status, 200);
    assert.deepEqual(lengths, [300_000, 300_000]);
  });

  it('closes a connection after the most requests it may carry', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startLimited([pod], {}, { cluster: { maxRequestsPerConnection: 2 } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 5; i++) await fetchFrom({ port: test.port, agent });
    agent.destroy();
    assert.equal(pod.connectionCount(), 3);
  });

  it('frees its place when a connection fails', async () => {
    const port = await reservePort();
    const dead = buildEndpoint({ host: '127.0.0.1', port });
    const circuitBreakers = { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1, maxRetries: 1 };
    await using test = await startGateway(
      [buildRoute(buildForward('c'))],
      [buildCluster('c', [dead], { circuitBreakers })],
    );
    for (let i = 0; i < 3; i++) assert.equal((await get(test, '/')).status, 503);
    assert.deepEqual(
      test.records.map(({ responseFlags }) => responseFlags),
      ['UF', 'UF', 'UF'],
    );
  });

  it('counts on over a reload, with the new limits', async () => {
    await using pod = await HeldPod.start();
    await using test = await startLimited([pod.server], { maxRequests: 2 });
    const first = get(test, '/1');
    await pod.arrived(1);
    const circuitBreakers = { ...NO_CIRCUIT_BREAKERS, maxRequests: 1 };
    const cluster = buildCluster('c', [buildEndpoint(pod.server)], { circuitBreakers });
    await test.reload([buildRoute(buildForward('c'))], [cluster]);
    assertOverflow(await get(test, '/2'));
    pod.answer();
    await first;
    const third = get(test, '/3');
    await pod.arrived(2);
    pod.answer();
    assert.equal((await third).status, 200);
  });
});

describe('the limit of concurrent retries', () => {
  const retry = { ...NO_RETRIES, on: ['5xx'] as const, retries: 1, backoffBaseMillis: 1 };

  /** Two requests are answered 503 at the same time; the answers to them, and what became of the second try. */
  async function failTwice(cluster: Partial<Cluster>): Promise<{ statuses: number[]; flags: string[] }> {
    await using pod = await HeldPod.start();
    await using test = await startLimited([pod.server], {}, { cluster, action: { retry } });
    const answers = [get(test, '/1'), get(test, '/2')];
    await pod.arrived(2);
    pod.answer(503);
    await pod.arrived(3);
    pod.answer(503);
    const refused = await Promise.race([...answers, pod.arrived(4).then(() => null)]);
    pod.answer();
    pod.answer();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    const flags = test.records.map(({ responseFlags }) => responseFlags);
    assert.equal(
      refused === null,
      statuses.every((status) => status === 200),
    );
    return { statuses: statuses.sort(), flags: flags.sort() };
  }

  it('lets the response pass that could not be retried, with flag UO', async () => {
    const circuitBreakers = { ...NO_CIRCUIT_BREAKERS, maxRetries: 1 };
    assert.deepEqual(await failTwice({ circuitBreakers }), { statuses: [200, 503], flags: ['', 'UO'] });
  });

  it('is free again when the retry has its answer', async () => {
    let requests = 0;
    await using pod = await startHttpServer((_request, response) =>
      response.writeHead(++requests % 2 === 1 ? 503 : 200).end(),
    );
    await using test = await startLimited([pod], { maxRetries: 1 }, { action: { retry } });
    for (let i = 0; i < 4; i++) assert.equal((await get(test, '/')).status, 200);
    assert.equal(test.gateway.runtime?.clusters.get('c')?.breaker?.retries, 0);
  });

  it('can be a share of what runs, and never less than the least', async () => {
    assert.deepEqual(await failTwice({ retryBudget: { percent: 20, minConcurrency: 1 } }), {
      statuses: [200, 503],
      flags: ['', 'UO'],
    });
    assert.deepEqual(await failTwice({ retryBudget: { percent: 100, minConcurrency: 0 } }), {
      statuses: [200, 200],
      flags: ['', ''],
    });
  });
});
