import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { RawClient } from '../../test/support/http-client.ts';
import { startHttpServer, startRawServer, type TestServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../test/support/model-builder.ts';
import type { ForwardAction } from '../model/route.ts';
import type { GatewayLimits } from './limits.ts';

function startBefore(
  pod: TestServer,
  limits: Partial<GatewayLimits>,
  action: Partial<ForwardAction> = {},
): Promise<TestGateway> {
  return startGateway([buildRoute(buildForward('c', action))], [buildCluster('c', [buildEndpoint(pod)])], { limits });
}

const POST = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

/** Writes a piece every `millis` until `using` ends it. */
function drip(client: RawClient, piece: string, millis: number): Disposable {
  const timer = setInterval(() => client.write(piece), millis);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** A pod that reads whatever comes and never answers. */
function startSilentPod(onSocket: (socket: Socket) => void = () => {}): Promise<TestServer> {
  return startRawServer((socket) => {
    socket.resume();
    onSocket(socket);
  });
}

describe('the time for a head', () => {
  const limits = { headTimeoutMillis: 150 };

  it('answers 408 to a head that drips, and says so in the log', async () => {
    await using pod = await startSilentPod();
    await using test = await startBefore(pod, limits);
    using client = await RawClient.connect(test.port);
    client.write('GET / HTTP/1.1\r\n');
    using _ = drip(client, 'x-slow: 1\r\n', 20);
    const received = await client.waitForEnd();
    assert.match(received, /^HTTP\/1.1 408 [\s\S]*connection: close/);
    assert.equal((await test.record(0)).responseFlags, 'SI');
    assert.equal(pod.connectionCount(), 0);
  });

  it('also runs for a head that came behind another request', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startBefore(pod, limits);
    using client = await RawClient.connect(test.port);
    client.write(`${GET}GET / HTT`);
    assert.match(await client.waitForEnd(), /ok[\s\S]*HTTP\/1.1 408 /);
  });

  it('closes a connection on which nothing comes, or only an empty line, without a word', async () => {
    await using pod = await startSilentPod();
    await using test = await startBefore(pod, limits);
    using client = await RawClient.connect(test.port);
    using other = await RawClient.connect(test.port);
    other.write('\r\n');
    assert.equal(await client.waitForEnd(), '');
    assert.equal(await other.waitForEnd(), '');
  });

  it('closes an idle connection after its own time', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startBefore(pod, { keepAliveIdleMillis: 100 });
    using client = await RawClient.connect(test.port);
    client.write(GET);
    assert.match(await client.waitForEnd(), /ok$/);
  });
});

describe('the time for a body', () => {
  it('answers 408 to a body that stops, and gives the upstream up', async () => {
    const upstream = Promise.withResolvers<Socket>();
    await using pod = await startSilentPod(upstream.resolve);
    await using test = await startBefore(pod, { bodyIdleMillis: 100 });
    using client = await RawClient.connect(test.port);
    client.write(`${POST}abc`);
    const socket = await upstream.promise;
    const left = new Promise<void>((resolve) => socket.once('end', () => resolve()));
    assert.match(await client.waitForEnd(), /^HTTP\/1.1 408 [\s\S]*connection: close/);
    await left;
    const record = await test.record(0);
    assert.deepEqual([record.status, record.responseFlags], [408, 'SI']);
  });

  it('answers 408 to a body that drips', async () => {
    await using pod = await startSilentPod();
    await using test = await startBefore(pod, { bodyIdleMillis: 100, minBytesPerSecond: 1_000 });
    using client = await RawClient.connect(test.port);
    client.write(POST);
    using _ = drip(client, 'x', 10);
    assert.match(await client.waitForEnd(), /^HTTP\/1.1 408 /);
  });

  it('leaves alone a body that is slow but fast enough', async () => {
    await using pod = await startHttpServer((request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    await using test = await startBefore(pod, { bodyIdleMillis: 100, minBytesPerSecond: 100 });
    using client = await RawClient.connect(test.port);
    client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n');
    using _ = drip(client, 'x'.repeat(20), 10);
    assert.match(await client.waitFor(/ok$/), /^HTTP\/1.1 200 /);
  });

  it('does not count the time in which the upstream takes nothing', async () => {
    const upstream = Promise.withResolvers<Socket>();
    await using pod = await startRawServer((socket) => upstream.resolve(socket.pause()));
    await using test = await startBefore(pod, { bodyIdleMillis: 100 });
    using client = await RawClient.connect(test.port);
    const body = 'x'.repeat(30_000_000);
    client.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const socket = await upstream.promise;
    // Until a body that stops has been found, begun later than the one that waits.
    using other = await RawClient.connect(test.port);
    other.write(POST);
    assert.match(await other.waitForEnd(), /^HTTP\/1.1 408 /);
    assert.ok(client.socket.writableLength > 0, 'all of the body was taken');
    let taken = 0;
    socket.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      if (taken > body.length) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    socket.resume();
    assert.match(await client.waitFor(/ok$/), /^HTTP\/1.1 200 /);
  });

  it('bounds the whole request where that is set', async () => {
    await using pod = await startSilentPod();
    await using test = await startBefore(pod, { requestTimeoutMillis: 200 });
    using client = await RawClient.connect(test.port);
    client.write(POST);
    using _ = drip(client, 'x'.repeat(1_000), 10);
    assert.match(await client.waitForEnd(), /^HTTP\/1.1 408 /);
  });

  it('ends the connection when the rest of an answered request does not come', async () => {
    await using test = await startGateway([], [], { limits: { headTimeoutMillis: 150 } });
    using client = await RawClient.connect(test.port);
    client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10000\r\n\r\n');
    using _ = drip(client, 'x', 10);
    const received = await client.waitForEnd();
    assert.match(received, /^HTTP\/1.1 404 /);
    assert.doesNotMatch(received, /408/);
  });

  it('starts anew with the 100 that the client waited for', async () => {
    await using pod = await startRawServer((socket) => {
      socket.once('data', () => {
        setTimeout(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 150);
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
      });
    });
    await using test = await startBefore(pod, { bodyIdleMillis: 250, minBytesPerSecond: 1 });
    using client = await RawClient.connect(test.port);
    client.write('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n');
    await client.waitFor(/100 Continue/);
    setTimeout(() => client.write('body'), 150);
    assert.match(await client.waitFor(/ok$/), / 200 OK/);
  });
});

describe('the time for reading a response', () => {
  const body = 'x'.repeat(30_000_000);

  it('cuts a client that takes nothing, and gives the upstream up', async () => {
    let closed = 0;
    await using pod = await startHttpServer((request, response) => {
      request.socket.once('close', () => closed++);
      response.end(body);
    });
    await using test = await startBefore(pod, { writeStallMillis: 100 });
    using client = await RawClient.connect(test.port);
    client.socket.pause();
    client.write(GET);
    const record = await test.record(0);
    assert.equal(record.responseFlags, 'SI');
    assert.equal(record.status, 200);
    while (closed === 0) await new Promise((resolve) => setImmediate(resolve));
    client.socket.resume();
    await client.waitForEnd();
    assert.ok(client.received.length < body.length);
  });

  it('cuts a client that takes nothing of the last response of a connection', async () => {
    const action = { kind: 'respond', status: 200, body } as const;
    await using test = await startGateway([buildRoute(action)], [], {
      limits: { writeStallMillis: 100, lingerMillis: 60_000 },
    });
    using client = await RawClient.connect(test.port);
    client.socket.pause();
    client.write('GET / HTTP/1.0\r\n\r\n');
    await test.record(0);
    const stats = test.gateway.gatewayListeners[0]?.stats;
    while (stats?.activeConnections !== 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('leaves alone a client that reads slowly', async () => {
    await using pod = await startHttpServer((_request, response) => response.end(body));
    await using test = await startBefore(pod, { writeStallMillis: 200, minBytesPerSecond: 1_000 });
    using client = await RawClient.connect(test.port);
    let received = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      client.socket.pause();
      // 64 KiB in a few milliseconds: 30 MB take several of the times that a standstill may take.
      setTimeout(() => client.socket.resume(), 1);
    });
    client.write(GET);
    const record = await test.record(0);
    assert.equal(record.responseFlags, '');
    assert.ok(record.durationMillis > 400, `${record.durationMillis} ms`);
    assert.ok(received > 10_000_000);
  });
});

describe('the time without a byte', () => {
  it('answers 504 when the upstream is silent, by the gateway’s setting or the route’s', async () => {
    await using pod = await startSilentPod();
    const settings: readonly (readonly [Partial<GatewayLimits>, Partial<ForwardAction>])[] = [
      [{ streamIdleMillis: 100 }, {}],
      [{ streamIdleMillis: 60_000 }, { idleTimeoutMillis: 100 }],
    ];
    for (const [limits, action] of settings) {
      await using test = await startBefore(pod, limits, action);
      using client = await RawClient.connect(test.port);
      client.write(GET);
      assert.match(await client.waitForEnd(), /^HTTP\/1.1 504 [\s\S]*stream timeout/);
      assert.equal((await test.record(0)).responseFlags, 'SI');
    }
  });

  it('cuts a response that stops', async () => {
    await using pod = await startHttpServer((_request, response) => void response.write('begin'));
    await using test = await startBefore(pod, { streamIdleMillis: 100 });
    using client = await RawClient.connect(test.port);
    client.write(GET);
    assert.match(await client.waitForEnd(), /5\r\nbegin\r\n$/);
    assert.equal((await test.record(0)).responseFlags, 'SI');
  });

  it('leaves alone a response that goes on', async () => {
    await using pod = await startHttpServer((_request, response) => writeEvents(response, 20, 30));
    await using test = await startBefore(pod, { streamIdleMillis: 150 });
    using client = await RawClient.connect(test.port);
    client.write(GET);
    assert.match(await client.waitFor(/\r\n0\r\n\r\n$/), /^HTTP\/1.1 200 /);
    assert.equal((await test.record(0)).responseFlags, '');
  });
});

/** Writes `count` pieces with `millis` between them. */
function writeEvents(response: ServerResponse, count: number, millis: number): void {
  let left = count;
  const timer = setInterval(() => {
    response.write('event');
    left--;
    if (left > 0) return;
    clearInterval(timer);
    response.end();
  }, millis);
}
