import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { fetchFrom, RawClient } from '../../test/support/http-client.ts';
import { startHttpServer, startRawServer, type TestServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute, NO_RETRIES } from '../../test/support/model-builder.ts';
import { DEFAULT_HTTP1_LIMITS } from '../http1/http1-limits.ts';
import type { ForwardAction, Route } from '../model/route.ts';

function startBefore(pod: TestServer, action: Partial<ForwardAction> = {}): Promise<TestGateway> {
  return startGateway([buildRoute(buildForward('c', action))], [buildCluster('c', [buildEndpoint(pod)])]);
}

/** What each connection of a raw pod has received, and its socket. */
interface PodConnection {
  readonly socket: Socket;
  received: string;
}

/** A pod that leaves answering to the test. */
async function startScriptedPod(): Promise<TestServer & { readonly connections: readonly PodConnection[] }> {
  const connections: PodConnection[] = [];
  const server = await startRawServer((socket) => {
    const connection = { socket, received: '' };
    connections.push(connection);
    socket.on('data', (chunk: Buffer) => {
      connection.received += chunk.toString('latin1');
    });
  });
  return Object.assign(server, { connections });
}

/** The pod's connection number `index`, once it has received what matches. */
async function receivedBy(
  connections: readonly PodConnection[],
  index: number,
  pattern: RegExp,
): Promise<PodConnection> {
  for (;;) {
    const connection = connections[index];
    if (connection !== undefined && pattern.test(connection.received)) return connection;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('Expect: 100-continue', () => {
  const head = 'POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n';

  it('is the upstream’s to answer, and the body follows its 100', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(head);
    const { socket } = await receivedBy(pod.connections, 0, /expect: 100-continue\r\n[\s\S]*\r\n\r\n$/);
    socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    await client.waitFor(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.write('body');
    await receivedBy(pod.connections, 0, /\r\n\r\nbody$/);
    socket.write(OK);
    await client.waitFor(/ 200 OK[\s\S]*ok$/);
  });

  it('may be refused by the upstream without the body, and the connection ends', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(head);
    const { socket } = await receivedBy(pod.connections, 0, /\r\n\r\n$/);
    socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n');
    assert.match(await client.waitForEnd(), /^HTTP\/1\.1 413 [\s\S]*connection: close/);
  });

  it('means nothing without a body', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('GET / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\r\n');
    const connection = await receivedBy(pod.connections, 0, /\r\n\r\n$/);
    assert.doesNotMatch(connection.received, /expect/);
    connection.socket.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
    assert.match(await client.waitFor(/ok$/), /^HTTP\/1\.1 200 /);
  });

  it('is not asked again of the next pod when the client has begun with its body', async () => {
    await using pod = await startScriptedPod();
    const retry = { ...NO_RETRIES, on: ['5xx'], retries: 1 } as const;
    await using test = await startBefore(pod, { retry });
    using client = await RawClient.connect(test.port);
    client.write(`${head}body`);
    const first = await receivedBy(pod.connections, 0, /\r\n\r\nbody$/);
    assert.match(first.received, /expect: 100-continue/);
    first.socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n');
    const second = await receivedBy(pod.connections, 1, /\r\n\r\nbody$/);
    assert.doesNotMatch(second.received, /expect/);
    second.socket.write(OK);
    assert.match(await client.waitFor(/ok$/), /^HTTP\/1\.1 200 /);
  });

  it('is asked again of the next pod when the client still waits', async () => {
    await using pod = await startScriptedPod();
    const retry = { ...NO_RETRIES, on: ['5xx'], retries: 1 } as const;
    await using test = await startBefore(pod, { retry });
    using client = await RawClient.connect(test.port);
    client.write(head);
    const first = await receivedBy(pod.connections, 0, /\r\n\r\n$/);
    first.socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n');
    const second = await receivedBy(pod.connections, 1, /expect: 100-continue[\s\S]*\r\n\r\n$/);
    second.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    await client.waitFor(/100 Continue/);
    client.write('body');
    await receivedBy(pod.connections, 1, /\r\n\r\nbody$/);
    second.socket.write(OK);
    await client.waitFor(/ 200 OK[\s\S]*ok$/);
  });
});

describe('trailers', () => {
  it('pass both ways', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('POST / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te\r\ntransfer-encoding: chunked\r\n\r\n');
    client.write('2\r\nhi\r\n0\r\nx-sum: 1\r\n\r\n');
    const { socket, received } = await receivedBy(pod.connections, 0, /0\r\nx-sum: 1\r\n\r\n$/);
    assert.match(received, /te: trailers/);
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n');
    await client.waitFor(/2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n$/);
  });
});

describe('an HTTP/1.0 client', () => {
  it('gets a body without a length up to the end of the connection, and no interim response', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n');
    const { socket } = await receivedBy(pod.connections, 0, /^GET \/ HTTP\/1\.1[\s\S]*\r\n\r\n$/);
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    socket.write('5\r\nhello\r\n0\r\n\r\n');
    const received = await client.waitForEnd();
    assert.match(received, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nhello$/);
    assert.doesNotMatch(received, /transfer-encoding|103/);
  });

  it('that names no host asks for the address that it has connected to', async () => {
    await using pod = await startHttpServer((request, response) => response.end(`for ${request.headers.host}`));
    const redirect: Route = {
      ...buildRoute(buildForward('c'), '/moved'),
      action: {
        kind: 'redirect',
        status: 302,
        scheme: null,
        host: null,
        port: null,
        path: { kind: 'full', value: '/new' },
      },
    };
    await using test = await startGateway(
      [redirect, buildRoute(buildForward('c'))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    using client = await RawClient.connect(test.port);
    client.write('GET / HTTP/1.0\r\n\r\n');
    assert.match(await client.waitForEnd(), new RegExp(`for 127\\.0\\.0\\.1:${test.port}$`));
    using other = await RawClient.connect(test.port);
    other.write('GET /moved HTTP/1.0\r\n\r\n');
    assert.match(await other.waitForEnd(), new RegExp(`location: http://127\\.0\\.0\\.1:${test.port}/new\r\n`));
  });

  it('keeps its connection where it asks for that and the response has a length', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    for (let i = 0; i < 2; i++) client.write('GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n');
    const received = await client.waitFor(/ok[\s\S]*ok$/);
    assert.equal(received.match(/connection: keep-alive/g)?.length, 2);
  });
});

describe('request targets', () => {
  it('pass in origin-form, whatever form they came in', async () => {
    await using pod = await startHttpServer((request, response) =>
      response.end(`${request.headers.host} ${request.url}`),
    );
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('GET http://shop.example/a?b HTTP/1.1\r\nhost: shop.example\r\n\r\n');
    await client.waitFor(/shop\.example \/a\?b$/);
  });

  it('of CONNECT open no tunnel', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\n');
    await client.waitFor(/^HTTP\/1\.1 501 /);
    assert.equal(pod.connectionCount(), 0);
  });
});

describe('Max-Forwards', () => {
  it('is counted down for OPTIONS and TRACE, and is nothing to other methods', async () => {
    await using pod = await startHttpServer((request, response) =>
      response.end(`${request.method} ${request.headersDistinct['max-forwards']?.join()}`),
    );
    await using test = await startBefore(pod);
    const seen: string[] = [];
    for (const [method, received] of [
      ['OPTIONS', '1'],
      ['TRACE', '010'],
      ['OPTIONS', '99999999999999999999'],
      ['OPTIONS', '5\r\nmax-forwards: 3'],
      ['OPTIONS', '-1'],
      ['GET', '0'],
    ]) {
      using client = await RawClient.connect(test.port);
      client.write(`${method} / HTTP/1.1\r\nhost: a\r\nmax-forwards: ${received}\r\nconnection: close\r\n\r\n`);
      seen.push((await client.waitForEnd()).match(/(?:OPTIONS|TRACE|GET) .*/)?.[0] ?? '');
    }
    assert.deepEqual(seen, ['OPTIONS 0', 'TRACE 9', 'OPTIONS 2147483647', 'OPTIONS 4', 'OPTIONS -1', 'GET 0']);
  });

  it('of 0 has the gateway answer', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('OPTIONS / HTTP/1.1\r\nhost: a\r\nmax-forwards: 0\r\n\r\n');
    await client.waitFor(/^HTTP\/1\.1 200 OK\r\n[\s\S]*content-length: 0\r\n\r\n$/);
    client.write('TRACE / HTTP/1.1\r\nhost: a\r\nmax-forwards: 00\r\n\r\n');
    await client.waitFor(/HTTP\/1\.1 501 /);
    assert.equal(pod.connectionCount(), 0);
  });
});

describe('a response', () => {
  it('of server-sent events passes event by event', async () => {
    const opened = Promise.withResolvers<ServerResponse>();
    await using pod = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      opened.resolve(response);
    });
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('GET /events HTTP/1.1\r\nhost: a\r\n\r\n');
    const response = await opened.promise;
    await client.waitFor(/text\/event-stream[\s\S]*\r\n\r\n$/);
    for (let i = 0; i < 20; i++) {
      // The next event is only written when the client has this one.
      response.write(`data: ${i}\n\n`);
      await client.waitFor(new RegExp(`data: ${i}\\n\\n\\r\\n$`));
    }
    response.end();
    await client.waitFor(/\r\n0\r\n\r\n$/);
  });

  it('that comes before the end of the request passes at once, while the body still goes up', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n');
    const { socket } = await receivedBy(pod.connections, 0, /1\r\na\r\n$/);
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nA\r\n');
    await client.waitFor(/1\r\nA\r\n$/);
    client.write('1\r\nb\r\n0\r\n\r\n');
    await receivedBy(pod.connections, 0, /1\r\nb\r\n0\r\n\r\n$/);
    socket.write('1\r\nB\r\n0\r\n\r\n');
    await client.waitFor(/1\r\nB\r\n0\r\n\r\n$/);
  });

  it('that comes early and whole leaves a connection with a small rest usable', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbo');
    const first = await receivedBy(pod.connections, 0, /bo$/);
    first.socket.write(OK);
    await client.waitFor(/ok$/);
    client.write('dyGET /2 HTTP/1.1\r\nhost: a\r\n\r\n');
    const second = await receivedBy(pod.connections, 1, /^GET \/2 [\s\S]*\r\n\r\n$/);
    second.socket.write(OK);
    await client.waitFor(/ok[\s\S]*ok$/);
  });

  it('to HEAD keeps its length and has no body', async () => {
    await using pod = await startHttpServer((_request, response) => response.setHeader('content-length', 1_000).end());
    await using test = await startBefore(pod);
    const response = await fetchFrom({ port: test.port, method: 'HEAD' });
    assert.equal(response.headers['content-length'], '1000');
    assert.equal(response.body.length, 0);
  });

  it('may have a large head, and so may a request', async () => {
    const large = 'x'.repeat(14_000);
    await using pod = await startHttpServer((request, response) => {
      response.setHeader('x-back', String(request.headers['x-large'])).end();
    });
    await using test = await startBefore(pod);
    const response = await fetchFrom({ port: test.port, headers: { 'x-large': large } });
    assert.equal(response.headers['x-back'], large);
  });

  it('is not waited for when the client has gone', async () => {
    await using pod = await startScriptedPod();
    await using test = await startBefore(pod);
    const client = await RawClient.connect(test.port);
    client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const { socket } = await receivedBy(pod.connections, 0, /\r\n\r\n$/);
    const ended = once(socket, 'end');
    client.socket.resetAndDestroy();
    await ended;
    const record = await test.record(0);
    assert.deepEqual([record.status, record.responseFlags], [0, 'DC']);
  });
});

describe('what is refused', () => {
  it('is logged with its method and target as far as they are known', async () => {
    await using test = await startGateway([], [], { limits: { http1: { ...DEFAULT_HTTP1_LIMITS, maxBodyBytes: 10 } } });
    const lines = [
      'POST /upload?part=1 HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n',
      'GET /bad HTTP/1.1\r\nhost: a\r\nna me: b\r\n\r\n',
      'GET /no-version\r\n\r\n',
    ];
    for (const text of lines) {
      const client = await RawClient.connect(test.port);
      client.write(text);
      await once(client.socket, 'end');
      client.close();
    }
    assert.deepEqual(
      test.records.map(({ status, method, path }) => [status, method, path]),
      [
        [413, 'POST', '/upload?part=1'],
        [400, 'GET', '/bad'],
        [400, '', ''],
      ],
    );
  });
});
