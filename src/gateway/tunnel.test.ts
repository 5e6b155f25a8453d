import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { turnEventLoop } from '../../test/support/event-loop.ts';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { RawClient } from '../../test/support/http-client.ts';
import { startRawServer, type TestServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../test/support/model-builder.ts';
import type { ForwardAction } from '../model/route.ts';
import type { GatewayLimits } from './limits.ts';

const HANDSHAKE = 'GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';

/** A pod that switches protocols when its first request is here, and then leaves its socket to the test. */
async function startSwitchingPod(): Promise<TestServer & { readonly switched: Promise<Socket> }> {
  const switched = Promise.withResolvers<Socket>();
  const server = await startRawServer((socket) => {
    let head = '';
    const onData = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.removeListener('data', onData);
      socket.pause();
      const rest = head.slice(end + 4);
      if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
      socket.write(SWITCH);
      switched.resolve(socket);
    };
    socket.on('data', onData);
  });
  return Object.assign(server, { switched: switched.promise });
}

function startBefore(
  pod: TestServer,
  limits: Partial<GatewayLimits> = {},
  action: Partial<ForwardAction> = {},
): Promise<TestGateway> {
  return startGateway([buildRoute(buildForward('c', action))], [buildCluster('c', [buildEndpoint(pod)])], { limits });
}

function statsOf(test: TestGateway) {
  const stats = test.gateway.runtime?.clusters.get('c')?.stats;
  assert.ok(stats);
  return stats;
}

/** All that a socket receives from now on, as latin1. */
function collect(socket: Socket): { text: string } {
  const collected = { text: '' };
  socket.on('data', (chunk: Buffer) => {
    collected.text += chunk.toString('latin1');
  });
  socket.resume();
  return collected;
}

describe('Tunnel', () => {
  it('carries what the client sends before and after the 101', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(`${HANDSHAKE}early,`);
    const upstream = await pod.switched;
    const seen = collect(upstream);
    await client.waitFor(/101 /);
    client.write('late');
    while (seen.text !== 'early,late') await once(upstream, 'data');
    upstream.write('answer');
    await client.waitFor(/\r\n\r\nanswer$/);
  });

  it('lets the client finish after the upstream has ended its side', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    const seen = collect(upstream);
    upstream.end('bye');
    assert.match(await client.waitForEnd(), /\r\n\r\nbye$/);
    assert.equal(statsOf(test).activeUpgrades, 1);
    const message = 'x'.repeat(3_000_000);
    client.socket.end(message);
    await once(upstream, 'end');
    assert.equal(seen.text.length, message.length);
    const record = await test.record(0);
    assert.deepEqual([record.status, record.responseFlags, record.bytesReceived], [101, '', message.length]);
  });

  it('lets the upstream finish after the client has ended its side', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    const seen = collect(upstream);
    await client.waitFor(/101 /);
    client.socket.end('question');
    await once(upstream, 'end');
    assert.equal(seen.text, 'question');
    const answer = 'y'.repeat(3_000_000);
    upstream.end(answer);
    assert.ok((await client.waitForEnd()).endsWith(answer));
    assert.equal((await test.record(0)).responseFlags, '');
  });

  it('counts open tunnels and all there were', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    upstream.resume().once('end', () => upstream.end());
    await client.waitFor(/101 /);
    assert.deepEqual([statsOf(test).activeUpgrades, statsOf(test).upgrades], [1, 1]);
    client.close();
    await test.record(0);
    assert.deepEqual([statsOf(test).activeUpgrades, statsOf(test).upgrades], [0, 1]);
    assert.ok([...test.gateway.hosts].every(([, host]) => host.activeRequests === 0));
  });

  it('holds little of what a slow client does not read', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    await client.waitFor(/101 /);
    client.socket.pause();
    const message = Buffer.alloc(40_000_000, 'x');
    upstream.write(message);
    await turnEventLoop(2_000);
    assert.ok(upstream.writableLength > 0, 'all was taken');
    let received = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    client.socket.resume();
    while (received < message.length) await once(client.socket, 'data');
    assert.equal(received, message.length);
  });

  it('holds little of what a slow upstream does not read', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    await client.waitFor(/101 /);
    const message = Buffer.alloc(40_000_000, 'x');
    client.socket.write(message);
    await turnEventLoop(2_000);
    assert.ok(client.socket.writableLength > 0, 'all was taken');
    let received = 0;
    upstream.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    upstream.resume();
    while (received < message.length) await once(upstream, 'data');
    assert.equal(received, message.length);
  });

  it('ends both sides when one is reset', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    await client.waitFor(/101 /);
    upstream.resetAndDestroy();
    await client.waitForEnd();
    assert.equal((await test.record(0)).responseFlags, 'UC');
  });

  it('ends a silent tunnel only where an idle time is set', async () => {
    const settings: readonly (readonly [Partial<GatewayLimits>, Partial<ForwardAction>])[] = [
      [{ streamIdleMillis: 100 }, {}],
      [{}, { idleTimeoutMillis: 100 }],
    ];
    for (const [limits, action] of settings) {
      await using pod = await startSwitchingPod();
      await using test = await startBefore(pod, limits, action);
      using client = await RawClient.connect(test.port);
      client.write(HANDSHAKE);
      (await pod.switched).resume();
      await client.waitForEnd();
      assert.equal((await test.record(0)).responseFlags, 'SI');
      assert.equal(statsOf(test).activeUpgrades, 0);
    }
  });

  it('obeys none of the times that are for requests and responses', async () => {
    await using pod = await startSwitchingPod();
    const short = { headTimeoutMillis: 50, bodyIdleMillis: 50, requestTimeoutMillis: 50, keepAliveIdleMillis: 50 };
    await using test = await startBefore(pod, short, { timeoutMillis: 50 });
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    const seen = collect(upstream);
    await client.waitFor(/101 /);
    // Another connection whose head does not come: it is closed when all these times are over.
    using other = await RawClient.connect(test.port);
    await other.waitForEnd();
    client.write('still here');
    while (seen.text !== 'still here') await once(upstream, 'data');
  });

  it('ends at a drain deadline with close frames, each behind the frame that is on its way', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    const seen = collect(upstream);
    // Half of a text frame in each direction: the client's is masked.
    upstream.write(Buffer.from([0x81, 5, 0x68, 0x65]));
    client.write(Buffer.from([0x81, 0x84, 1, 2, 3, 4, 0x61]).toString('latin1'));
    await client.waitFor(/he$/);
    while (seen.text.length < 7) await once(upstream, 'data');
    drain(test, 0);
    upstream.write('llo');
    const received = await client.waitFor(/hello.{4}$/s);
    assert.ok(received.endsWith('\x81\x05hello\x88\x02\x03\xf4'), 'nothing is put into a frame');
    client.write('bcd');
    while (seen.text.length < 18) await once(upstream, 'data');
    assert.ok(seen.text.startsWith('\x81\x84\x01\x02\x03\x04abcd\x88\x82'));
    assert.equal((await test.record(0)).responseFlags, 'DT');
    assert.equal(statsOf(test).activeUpgrades, 0);
  });

  it('is cut where a frame on its way does not end, and stays where a drain has no deadline', async () => {
    await using pod = await startSwitchingPod();
    await using test = await startBefore(pod);
    using client = await RawClient.connect(test.port);
    client.write(HANDSHAKE);
    const upstream = await pod.switched;
    upstream.write(Buffer.from([0x81, 5, 0x68]));
    await client.waitFor(/\r\n\r\n.{3}$/s);
    drain(test, null);
    await delay(1_500);
    assert.equal(statsOf(test).activeUpgrades, 1);
    drain(test, 0);
    await client.waitForEnd();
    assert.equal((await test.record(0)).responseFlags, 'DT');
  });
});

/** Orders the only pod to drain, with a deadline at this Unix time. */
function drain({ gateway }: TestGateway, deadlineSeconds: number | null): void {
  const [host] = gateway.runtime?.clusters.get('c')?.balancer.hosts ?? [];
  const drained = { startedSeconds: 0, deadlineSeconds, by: 'order' } as const;
  gateway.useDrains([{ cluster: 'c', address: host?.address ?? '', drain: drained }]);
}
