import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { startGateway } from '../../test/support/gateway.ts';
import { fetchFrom } from '../../test/support/http-client.ts';
import { startHttpServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute, NO_RETRIES } from '../../test/support/model-builder.ts';
import type { CorsPolicy } from '../model/route.ts';

const CORS: CorsPolicy = {
  allowOrigins: [{ kind: 'exact', value: 'https://shop.example', ignoreCase: false }],
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['x-cart'],
  exposeHeaders: ['x-total'],
  maxAge: '600',
  allowCredentials: true,
  forwardNotMatchingPreflights: true,
};

function preflight(origin: string): Record<string, string> {
  return { origin, 'access-control-request-method': 'POST' };
}

describe('faults', () => {
  it('answers with the status asked for and flag FI', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    const fault = { delay: null, abort: { status: 418, grpcStatus: null, percent: 100 } };
    await using test = await startGateway(
      [buildRoute(buildForward('c', { fault }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    const response = await fetchFrom({ port: test.port });
    assert.deepEqual([response.status, response.text], [418, 'fault filter abort']);
    assert.equal(test.records[0]?.responseFlags, 'FI');
    assert.equal(pod.connectionCount(), 0);
  });

  it('answers gRPC requests with a gRPC status, and others 200', async () => {
    const fault = { delay: null, abort: { status: 200, grpcStatus: 14, percent: 100 } };
    await using test = await startGateway([buildRoute(buildForward('c', { fault }))], []);
    const headers = { 'content-type': 'application/grpc+proto' };
    const grpc = await fetchFrom({ port: test.port, headers });
    assert.deepEqual([grpc.status, grpc.headers['grpc-status'], grpc.text], [200, '14', '']);
    assert.equal(grpc.headers['content-type'], 'application/grpc');
    const plain = await fetchFrom({ port: test.port });
    assert.deepEqual([plain.status, plain.headers['grpc-status'], plain.text], [200, undefined, 'fault filter abort']);
  });

  it('holds a request back and loses nothing of its body', async () => {
    await using pod = await startHttpServer((request, response) => request.pipe(response));
    const fault = { delay: { millis: 30, percent: 100 }, abort: null };
    await using test = await startGateway(
      [buildRoute(buildForward('c', { fault }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    const body = Buffer.alloc(300_000, 'x');
    const response = await fetchFrom({ port: test.port, method: 'POST', body });
    assert.equal(response.body.length, body.length);
    assert.ok((test.records[0]?.durationMillis ?? 0) >= 29);
    assert.equal(test.records[0]?.responseFlags, 'DI');
  });

  it('does nothing at 0 percent', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    const fault = { delay: { millis: 10_000, percent: 0 }, abort: { status: 500, grpcStatus: null, percent: 0 } };
    await using test = await startGateway(
      [buildRoute(buildForward('c', { fault }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    assert.equal((await fetchFrom({ port: test.port })).status, 200);
  });
});

describe('CORS', () => {
  it('answers preflights of allowed origins itself and leaves the others to the pod', async () => {
    await using pod = await startHttpServer((_request, response) => response.writeHead(204).end());
    await using test = await startGateway(
      [buildRoute(buildForward('c', { cors: CORS }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    const allowed = await fetchFrom({ port: test.port, method: 'OPTIONS', headers: preflight('https://shop.example') });
    assert.equal(allowed.status, 200);
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://shop.example');
    assert.equal(allowed.headers['access-control-allow-methods'], 'GET,POST');
    assert.equal(allowed.headers['access-control-allow-headers'], 'x-cart');
    assert.equal(allowed.headers['access-control-max-age'], '600');
    assert.equal(pod.connectionCount(), 0);
    const other = await fetchFrom({ port: test.port, method: 'OPTIONS', headers: preflight('https://evil.example') });
    assert.equal(other.status, 204);
    assert.equal(other.headers['access-control-allow-origin'], undefined);
    const headers = { ...preflight('https://shop.example'), 'access-control-request-method': '' };
    const plain = await fetchFrom({ port: test.port, method: 'OPTIONS', headers });
    assert.equal(plain.status, 204, 'without a method it is no preflight');
  });

  it("replaces the pod's own CORS headers on responses to allowed origins only", async () => {
    await using pod = await startHttpServer((_request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      response.end('ok');
    });
    await using test = await startGateway(
      [buildRoute(buildForward('c', { cors: CORS }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    const allowed = await fetchFrom({ port: test.port, headers: { origin: 'https://shop.example' } });
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://shop.example');
    assert.equal(allowed.headers['access-control-expose-headers'], 'x-total');
    const other = await fetchFrom({ port: test.port, headers: { origin: 'https://evil.example' } });
    assert.equal(other.headers['access-control-allow-origin'], '*');
  });
});

describe('a CORS policy with the methods and headers *', () => {
  it('allows what a preflight asks for by name, since * means nothing where there are credentials', async () => {
    const cors: CorsPolicy = { ...CORS, allowMethods: ['*'], allowHeaders: ['*'] };
    await using test = await startGateway([buildRoute(buildForward('c', { cors }))], [buildCluster('c', [])]);
    const asked = { ...preflight('https://shop.example'), 'access-control-request-headers': 'x-a, x-b' };
    const both = await fetchFrom({ port: test.port, method: 'OPTIONS', headers: asked });
    assert.equal(both.headers['access-control-allow-methods'], 'POST');
    assert.equal(both.headers['access-control-allow-headers'], 'x-a, x-b');
    const headers = preflight('https://shop.example');
    const method = await fetchFrom({ port: test.port, method: 'OPTIONS', headers });
    assert.equal(method.headers['access-control-allow-methods'], 'POST');
    assert.equal(method.headers['access-control-allow-headers'], undefined);
  });
});

describe('a CORS policy with the origin *', () => {
  it('allows every origin, by name', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    const cors: CorsPolicy = { ...CORS, allowOrigins: [{ kind: 'exact', value: '*', ignoreCase: false }] };
    await using test = await startGateway(
      [buildRoute(buildForward('c', { cors }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    const response = await fetchFrom({ port: test.port, headers: { origin: 'https://any.example' } });
    assert.equal(response.headers['access-control-allow-origin'], 'https://any.example');
  });
});

describe('mirrors', () => {
  it('copies requests with their bodies and drops the answers', async () => {
    const copied = Promise.withResolvers<string>();
    await using pod = await startHttpServer((_request, response) => response.end('original'));
    await using shadow = await startHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        copied.resolve(`${request.method} ${request.url} ${body}`);
        response.writeHead(500).end('copy');
      });
    });
    const mirrors = [{ cluster: 'shadow', percent: 100 }];
    await using test = await startGateway(
      [buildRoute(buildForward('c', { mirrors }))],
      [buildCluster('c', [buildEndpoint(pod)]), buildCluster('shadow', [buildEndpoint(shadow)])],
    );
    const response = await fetchFrom({ port: test.port, method: 'POST', path: '/cart', body: 'item=1' });
    assert.equal(response.text, 'original');
    assert.equal(await copied.promise, 'POST /cart item=1');
    assert.equal(test.gateway.runtime?.clusters.get('shadow')?.stats.mirrors, 1);
  });

  it('never lets a mirror that hangs or is missing touch the original', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('original'));
    await using shadow = await startHttpServer(() => {});
    const mirrors = [
      { cluster: 'shadow', percent: 100 },
      { cluster: 'nowhere', percent: 100 },
    ];
    await using test = await startGateway(
      [buildRoute(buildForward('c', { mirrors }))],
      [buildCluster('c', [buildEndpoint(pod)]), buildCluster('shadow', [buildEndpoint(shadow)])],
    );
    const body = Buffer.alloc(3_000_000, 'x');
    assert.equal((await fetchFrom({ port: test.port, method: 'POST', body })).text, 'original');
  });
});

describe('a retry while the body is still coming', () => {
  it('sends the whole body with the next attempt', async () => {
    const first = Promise.withResolvers<ServerResponse>();
    let attempts = 0;
    const lengths: number[] = [];
    await using pod = await startHttpServer((request, response) => {
      attempts++;
      if (attempts === 1) {
        first.resolve(response.writeHead(503));
        response.end();
        return;
      }
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      request.on('end', () => {
        lengths.push(length);
        response.end('ok');
      });
    });
    const retry = { ...NO_RETRIES, on: ['5xx'] as const, retries: 1, backoffBaseMillis: 20, backoffMaxMillis: 20 };
    await using test = await startGateway(
      [buildRoute(buildForward('c', { retry }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    const body = Buffer.alloc(900_000, 'y');
    const response = await fetchFrom({ port: test.port, method: 'POST', body });
    await first.promise;
    if (attempts === 2) {
      assert.equal(response.status, 200);
      assert.deepEqual(lengths, [body.length]);
    } else {
      // More than the replay buffer had come before the answer: no second attempt with a part of the body.
      assert.equal(response.status, 503);
    }
  });
});
