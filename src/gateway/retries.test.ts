import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { fetchFrom, RawClient } from '../../test/support/http-client.ts';
import { reservePort, startHttpServer, startRawServer, type TestServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute, NO_RETRIES } from '../../test/support/model-builder.ts';
import { type Cluster, NO_CIRCUIT_BREAKERS } from '../model/cluster.ts';
import type { ForwardAction, RetryPolicy } from '../model/route.ts';

interface Start {
  readonly cluster?: Partial<Cluster>;
  readonly action?: Partial<ForwardAction>;
  readonly limits?: NonNullable<Parameters<typeof startGateway>[2]>['limits'];
}

function startRetrying(
  pods: readonly { readonly host: string; readonly port: number }[],
  policy: Partial<RetryPolicy>,
  { cluster = {}, action = {}, limits = {} }: Start = {},
): Promise<TestGateway> {
  const retry = { ...NO_RETRIES, retries: 2, ...policy };
  const endpoints = pods.map((pod) => buildEndpoint(pod));
  const route = buildRoute(buildForward('c', { retry, ...action }));
  return startGateway([route], [buildCluster('c', endpoints, cluster)], { limits });
}

/** A pod that answers with these statuses, one after the other; the last one for all that follow. */
function podAnswering(seen: string[], ...statuses: readonly number[]): Promise<TestServer> {
  let next = 0;
  return startHttpServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    request.on('end', () => {
      seen.push(body);
      response.writeHead(statuses[Math.min(next++, statuses.length - 1)] ?? 200).end();
    });
  });
}

describe('a retry', () => {
  it('goes to a pod that was not tried, while there is one', async () => {
    const seen: number[] = [];
    const pods = await Promise.all(
      [0, 1, 2].map((index) =>
        startHttpServer((_request, response) => {
          seen.push(index);
          response.writeHead(503).end();
        }),
      ),
    );
    const policy = { on: ['5xx'] as const, avoidPreviousHosts: true, hostSelectionAttempts: 5 };
    await using test = await startRetrying(pods, policy);
    assert.equal((await fetchFrom({ port: test.port })).status, 503);
    assert.deepEqual([...seen].sort(), [0, 1, 2]);
    for (const pod of pods) await pod.close();
  });

  it('goes to the same pod where there is no other', async () => {
    const seen: string[] = [];
    await using pod = await podAnswering(seen, 503, 200);
    const policy = { on: ['5xx'] as const, avoidPreviousHosts: true, hostSelectionAttempts: 5 };
    await using test = await startRetrying([pod], policy);
    assert.equal((await fetchFrom({ port: test.port })).status, 200);
    assert.equal(seen.length, 2);
  });

  it('is not made when the body is longer than what is kept of it', async () => {
    const seen: string[] = [];
    await using pod = await podAnswering(seen, 503, 200);
    await using test = await startRetrying([pod], { on: ['5xx'] }, { limits: { retryBufferBytes: 1000 } });
    const send = (length: number): Promise<{ status: number }> =>
      fetchFrom({ port: test.port, method: 'POST', body: 'x'.repeat(length) });
    assert.equal((await send(1001)).status, 503);
    assert.equal(test.records[0]?.responseFlags, '');
    assert.deepEqual(
      seen.map(({ length }) => length),
      [1001],
    );
  });

  it('sends a body again that is as long as what is kept of it', async () => {
    const seen: string[] = [];
    await using pod = await podAnswering(seen, 503, 200);
    await using test = await startRetrying([pod], { on: ['5xx'] }, { limits: { retryBufferBytes: 1000 } });
    const response = await fetchFrom({ port: test.port, method: 'POST', body: 'x'.repeat(1000) });
    assert.equal(response.status, 200);
    assert.deepEqual(
      seen.map(({ length }) => length),
      [1000, 1000],
    );
  });

  it('follows a try that takes too long, and the whole ends with 504 when all do', async () => {
    const held: ServerResponse[] = [];
    await using pod = await startHttpServer((_request, response) => held.push(response));
    await using test = await startRetrying([pod], { on: ['reset'], retries: 1, perTryTimeoutMillis: 60 });
    const response = await fetchFrom({ port: test.port });
    assert.equal(response.status, 504);
    assert.equal(held.length, 2);
    assert.equal(test.records[0]?.responseFlags, 'UT,URX');
  });

  it('counts the time of a try from when the request is whole', async () => {
    await using pod = await startHttpServer((request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    const policy = { on: ['reset'] as const, perTryTimeoutMillis: 100, retries: 1 };
    await using test = await startRetrying([pod], policy);
    using client = await RawClient.connect(test.port);
    client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab');
    await fetchFrom({ port: test.port, method: 'POST', body: 'x' });
    // Longer than a try may take, measured by the gateway's own clock: another try of a pod that never answers.
    await using silent = await startHttpServer(() => {});
    await using other = await startRetrying([silent], { ...policy, retries: 0 });
    assert.equal((await fetchFrom({ port: other.port })).status, 504);
    client.write('cd');
    await client.waitFor(/^HTTP\/1\.1 200 /);
  });

  it('lies within the time of the whole request', async () => {
    await using pod = await startHttpServer((_request, response) => response.writeHead(503).end());
    const policy = { on: ['5xx'] as const, retries: 50, backoffBaseMillis: 10_000, backoffMaxMillis: 10_000 };
    await using test = await startRetrying([pod], policy, { action: { timeoutMillis: 80 } });
    const response = await fetchFrom({ port: test.port });
    assert.equal(response.status, 504);
    assert.equal(test.records[0]?.responseFlags, 'UT');
  });

  it('tells the pod how much of the time is left', async () => {
    const expected: number[] = [];
    await using pod = await startHttpServer((request, response) => {
      expected.push(Number(request.headers['x-envoy-expected-rq-timeout-ms']));
      setTimeout(() => response.writeHead(503).end(), 20);
    });
    await using test = await startRetrying([pod], { on: ['5xx'], retries: 1 }, { action: { timeoutMillis: 30_000 } });
    await fetchFrom({ port: test.port });
    const [first = 0, second = 0] = expected;
    assert.equal(first, 30_000);
    assert.ok(second > 0 && second <= 29_990, `the second try was told ${second} ms`);
  });

  it('is not made after an interim response has reached the client', async () => {
    let connections = 0;
    await using pod = await startRawServer((socket) => {
      connections++;
      socket.once('data', () => {
        socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n');
        setImmediate(() => socket.end('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'));
      });
    });
    await using test = await startRetrying([pod], { on: ['5xx'] });
    assert.equal((await fetchFrom({ port: test.port })).status, 503);
    assert.equal(connections, 1);
    assert.equal(test.records[0]?.responseFlags, '');
  });

  it('is not made for what the conditions do not name', async () => {
    const port = await reservePort();
    await using test = await startRetrying([{ host: '127.0.0.1', port }], { on: ['refused-stream', 'retriable-4xx'] });
    assert.equal((await fetchFrom({ port: test.port })).status, 503);
    assert.equal(test.records[0]?.responseFlags, 'UF');
    assert.equal(test.records[0]?.attempts, 1);
  });

  it('is told in the answer and the log when it failed as well', async () => {
    const port = await reservePort();
    await using test = await startRetrying([{ host: '127.0.0.1', port }], { on: ['connect-failure'], retries: 1 });
    const response = await fetchFrom({ port: test.port });
    assert.match(response.text, /retried and the latest reset reason: connection failure/);
    assert.equal(test.records[0]?.responseFlags, 'UF,URX');
    assert.equal(test.records[0]?.attempts, 2);
  });

  it('before a byte went out is one for reset-before-request, after that it is not', async () => {
    const port = await reservePort();
    await using breaking = await startRawServer((socket) => socket.once('data', () => socket.destroy()));
    const policy = { on: ['reset-before-request'] as const, retries: 1 };
    await using refused = await startRetrying([{ host: '127.0.0.1', port }], policy);
    await using broken = await startRetrying([breaking], policy);
    await fetchFrom({ port: refused.port });
    await fetchFrom({ port: broken.port });
    assert.equal(refused.records[0]?.attempts, 2);
    assert.equal(broken.records[0]?.attempts, 1);
  });

  it('reads the client on when the next try takes over in the middle of an upload', async () => {
    let requests = 0;
    const body = Buffer.alloc(200_000, 'y');
    await using pod = await startHttpServer((request, response) => {
      if (++requests === 1) {
        request.once('data', () => response.writeHead(503, { connection: 'close' }).end());
        return;
      }
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      request.on('end', () => response.end(String(length)));
    });
    await using test = await startRetrying([pod], { on: ['5xx', 'reset'] });
    const response = await fetchFrom({ port: test.port, method: 'POST', body });
    assert.equal(response.text, '200000');
  });
});

describe('a request that makes its pod reset', () => {
  /** A pod that answers `/` and resets the connection on which it is asked for anything else. */
  function startFragile(seen: string[]): Promise<TestServer> {
    return startHttpServer((request, response) => {
      if (request.url === '/') {
        // Together, so that each is on a connection of its own.
        waiting.push(response);
        if (waiting.length === CONNECTIONS) for (const each of waiting.splice(0)) each.end('ok');
      } else {
        seen.push(request.url ?? '');
        request.socket.resetAndDestroy();
      }
    });
  }
  const CONNECTIONS = 4;
  const waiting: ServerResponse[] = [];

  for (const [name, circuitBreakers] of [
    ['without limits', NO_CIRCUIT_BREAKERS],
    ['within the limits of a circuit breaker', { ...NO_CIRCUIT_BREAKERS, maxConnections: 100 }],
  ] as const) {
    it(`is sent once more, and not over every kept connection, ${name}`, async () => {
      const seen: string[] = [];
      await using pod = await startFragile(seen);
      const cluster = { circuitBreakers };
      await using plain = await startRetrying([pod], { retries: 0 }, { cluster });
      await Promise.all(Array.from({ length: CONNECTIONS }, () => fetchFrom({ port: plain.port, path: '/' })));
      assert.equal((await fetchFrom({ port: plain.port, path: '/fatal' })).status, 503);
      assert.equal(seen.length, 2);
      await using retrying = await startRetrying([pod], { retries: 2, on: ['reset'] }, { cluster });
      await Promise.all(Array.from({ length: CONNECTIONS }, () => fetchFrom({ port: retrying.port, path: '/' })));
      seen.length = 0;
      assert.equal((await fetchFrom({ port: retrying.port, path: '/fatal' })).status, 503);
      assert.equal(seen.length, 1 + 1 + 2);
    });
  }
});
