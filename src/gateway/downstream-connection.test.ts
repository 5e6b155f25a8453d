import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net, { type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { turnEventLoop } from '../../test/support/event-loop.ts';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { fetchFrom, RawClient } from '../../test/support/http-client.ts';
import { startHttpServer, startRawServer, type TestServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../test/support/model-builder.ts';
import type { Route } from '../model/route.ts';
import type { GatewayLimits } from './limits.ts';
import { TimerEntry } from './timer-wheel.ts';

const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

function respondRoute(body: string): Route {
  return buildRoute({ kind: 'respond', status: 200, body });
}

function startBefore(pod: TestServer, limits: Partial<GatewayLimits> = {}): Promise<TestGateway> {
  return startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [buildEndpoint(pod)])], { limits });
}

function statsOf(test: TestGateway) {
  const [listener] = test.gateway.gatewayListeners;
  assert.ok(listener);
  return listener.stats;
}

/** Resolves when a timeout of the gateway's own wheel, armed now, has come. */
function timePasses(test: TestGateway, millis: number): Promise<void> {
  return new Promise((resolve) => {
    class Alarm extends TimerEntry {
      override onTimer(): void {
        resolve();
      }
    }
    test.gateway.gatewayListeners[0]?.timers.arm(new Alarm(), millis);
  });
}

describe('DownstreamConnection', () => {
  it('serves a client that sends ahead without reading no further than it reads', async () => {
    const [requests, bodyBytes] = [20_000, 2_000];
    await using test = await startGateway([respondRoute('x'.repeat(bodyBytes))], []);
    using client = await RawClient.connect(test.port);
    client.socket.pause();
    client.write(REQUEST.repeat(requests));
    await turnEventLoop(1_000);
    // The kernel's buffers hold a few thousand responses.
    assert.ok(test.records.length < 10_000, `${test.records.length} were served`);
    let received = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    client.socket.resume();
    await test.record(requests - 1);
    const expected = test.records.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    while (received < expected) await once(client.socket, 'data');
    assert.equal(received, expected);
  });

  it('waits for a slow reader with closing, however short the time to linger is', async () => {
    const body = 'x'.repeat(20_000_000);
    await using test = await startGateway([respondRoute(body)], [], { limits: { lingerMillis: 1 } });
    using client = await RawClient.connect(test.port);
    client.socket.pause();
    client.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    await test.record(0);
    await timePasses(test, 200);
    client.socket.resume();
    const received = await client.waitForEnd();
    assert.ok(received.endsWith(`\r\n\r\n${body}`));
  });

  it('makes small chunks of a body wait when the upstream does not read', async () => {
    await using pod = await startRawServer((socket) => socket.pause());
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
    client.write(`3e8\r\n${'x'.repeat(1_000)}\r\n`.repeat(40_000));
    await turnEventLoop(2_000);
    assert.ok(client.socket.writableLength > 0, 'all of the body was taken');
  });

  it('does not begin a request that waits behind one whose response broke off', async () => {
    const seen: string[] = [];
    await using pod = await startRawServer((socket) => {
      socket.on('data', (chunk: Buffer) => {
        seen.push(chunk.toString('latin1').split('\r\n')[0] ?? '');
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc');
        setImmediate(() => socket.destroy());
      });
    });
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(`${REQUEST}${REQUEST}`);
    await client.waitForEnd();
    await turnEventLoop(20);
    assert.equal(seen.length, 1);
    assert.equal(test.records.length, 1);
  });

  it('resets the connection of an HTTP/1.0 client whose response broke off', async () => {
    await using pod = await startRawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
        socket.once('data', () => socket.resetAndDestroy());
      });
    });
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    const failed = once(client.socket, 'error');
    client.write('POST / HTTP/1.0\r\nhost: a\r\ncontent-length: 2\r\n\r\na');
    await client.waitFor(/hello$/);
    client.write('b');
    const [error] = (await failed) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
  });

  it('answers the last request that a connection may carry with close', async () => {
    await using test = await startGateway([respondRoute('ok')], [], { limits: { maxRequestsPerConnection: 3 } });
    using client = await RawClient.connect(test.port);
    client.write(REQUEST.repeat(5));
    const received = await client.waitForEnd();
    const heads = received.split('HTTP/1.1 200 OK').slice(1);
    assert.deepEqual(
      heads.map((head) => head.includes('connection: close')),
      [false, false, true],
    );
  });

  it('closes connections beyond the limit at once, and takes new ones when others have gone', async () => {
    await using test = await startGateway([respondRoute('ok')], [], { limits: { maxConnectionsPerListener: 2 } });
    using first = await RawClient.connect(test.port);
    using second = await RawClient.connect(test.port);
    for (const client of [first, second]) {
      client.write(REQUEST);
      await client.waitFor(/ok$/);
    }
    const third = net.connect(test.port, '127.0.0.1');
    // The reset may come before the client's own side knows that it is connected.
    third.on('error', () => {});
    await new Promise<void>((resolve) => third.resume().once('close', () => resolve()));
    assert.equal(third.bytesRead, 0);
    assert.equal(statsOf(test).refusedConnections, 1);
    assert.equal(statsOf(test).activeConnections, 2);
    first.close();
    while (statsOf(test).activeConnections > 1) await turnEventLoop(1);
    assert.equal((await fetchFrom({ port: test.port })).text, 'ok');
    second.write(REQUEST);
    await second.waitFor(/ok[\s\S]*ok$/);
  });

  it('drains without cutting a head in two', async () => {
    await using test = await startGateway([respondRoute('ok')], []);
    using client = await RawClient.connect(test.port);
    client.write(`${REQUEST}GET / HTTP/1.1\r\n`);
    await client.waitFor(/ok$/);
    const drained = test.gateway.drain(5_000);
    client.write('host: a\r\n\r\n');
    assert.match(await client.waitForEnd(), /ok[\s\S]*connection: close[\s\S]*ok$/);
    client.close();
    await drained;
  });

  it('answers a request that meets the drain on an idle connection', async () => {
    await using test = await startGateway([respondRoute('ok')], []);
    using kept = await RawClient.connect(test.port);
    kept.write(REQUEST);
    await kept.waitFor(/ok$/);
    using fresh = await RawClient.connect(test.port);
    while (statsOf(test).activeConnections < 2) await turnEventLoop(1);
    const drained = test.gateway.drain(5_000);
    for (const client of [kept, fresh]) client.write(REQUEST);
    for (const client of [kept, fresh]) assert.match(await client.waitForEnd(), /connection: close[\s\S]*ok$/);
    for (const client of [kept, fresh]) client.close();
    await drained;
  });

  it('closes idle connections soon when it drains', async () => {
    const test = await startGateway([respondRoute('ok')], []);
    using client = await RawClient.connect(test.port);
    client.write(REQUEST);
    await client.waitFor(/ok$/);
    const drained = test.gateway.drain(60_000);
    await client.waitForEnd();
    client.close();
    await drained;
  });

  it('goes on after it has given back what serving needs, and ends at its idle time all the same', async () => {
    await using test = await startGateway([respondRoute('ok')], [], { limits: { keepAliveIdleMillis: 1_600 } });
    using client = await RawClient.connect(test.port);
    client.write(REQUEST);
    await client.waitFor(/ok$/);
    await timePasses(test, 1_200);
    client.write(REQUEST);
    await client.waitFor(/ok[\s\S]*ok$/);
    const startedAt = performance.now();
    await client.waitForEnd();
    assert.ok(performance.now() - startedAt >= 1_590, 'closed too early');
    assert.equal(test.records.length, 2);
  });

  it('serves what a half-closed client has sent, and then closes', async () => {
    const answers: ServerResponse[] = [];
    await using pod = await startHttpServer((_request, response) => answers.push(response));
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.socket.end(REQUEST.repeat(2));
    while (answers.length < 1) await turnEventLoop(1);
    answers[0]?.end('one');
    while (answers.length < 2) await turnEventLoop(1);
    answers[1]?.end('two');
    assert.match(await client.waitForEnd(), /one[\s\S]*two$/);
    assert.equal(test.records.length, 2);
  });

  it('takes an upload of many tiny chunks for a retry in little memory', async () => {
    const sockets: Socket[] = [];
    await using pod = await startRawServer((socket) => {
      sockets.push(socket);
      socket.resume();
    });
    const retry = {
      on: ['reset'],
      retries: 1,
      statusCodes: [],
      perTryTimeoutMillis: null,
      backoffBaseMillis: 1,
      backoffMaxMillis: 1,
      avoidPreviousHosts: false,
      avoidPreviousPriorities: false,
      hostSelectionAttempts: 1,
    } as const;
    await using test = await startGateway(
      [buildRoute(buildForward('c', { retry }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    using client = await RawClient.connect(test.port);
    client.write('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
    while (sockets.length < 1) await turnEventLoop(1);
    const before = process.memoryUsage();
    const chunks = 500_000;
    client.write('1\r\nx\r\n'.repeat(chunks));
    while (client.socket.writableLength > 0) await turnEventLoop(1);
    await turnEventLoop(50);
    const after = process.memoryUsage();
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    assert.ok(grown < 20 * chunks, `${Math.round(grown / chunks)} bytes for each byte of the body`);
  });
});

describe('a refusal', () => {
  const wholes = [
    'HEAD / HTTP/1.1\r\n\r\n',
    'HEAD / HTTP/1.1\r\nhost: a\r\nbroken\r\n',
    `${REQUEST}HEAD / HTTP/1.1\r\nx\r\n`,
  ];
  for (const request of wholes) {
    it(`of ${JSON.stringify(request)} has no content`, async () => {
      await using test = await startGateway([respondRoute('')], []);
      using client = await RawClient.connect(test.port);
      client.write(request);
      // RFC 9110 §9.3.2: what followed would be taken for the next response.
      assert.match(await client.waitForEnd(), /HTTP\/1\.1 400 [\s\S]*content-length: [1-9][\s\S]*\r\n\r\n$/);
    });
  }

  it('of a HEAD that does not come whole has no content', async () => {
    await using test = await startGateway([respondRoute('')], [], { limits: { headTimeoutMillis: 50 } });
    using client = await RawClient.connect(test.port);
    client.write('HEAD / HTTP/1.1\r\nhost: a\r\n');
    assert.match(await client.waitForEnd(), /HTTP\/1\.1 408 [\s\S]*content-length: [1-9][\s\S]*\r\n\r\n$/);
  });

  it('of another method says what is wrong', async () => {
    await using test = await startGateway([respondRoute('')], []);
    using client = await RawClient.connect(test.port);
    client.write('HEAD / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n');
    assert.match(await client.waitForEnd(), /HTTP\/1\.1 400 [\s\S]*\r\n\r\nthere is no Host header/);
  });
});
