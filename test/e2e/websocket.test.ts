import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { startGateway } from '../support/gateway.ts';
import { fetchFrom } from '../support/http-client.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute, cookieAffinity } from '../support/model-builder.ts';

const SOCKETS = 1_000;
/** Opened at the same time, so that the listen queue is not what is tested. */
const BATCH = 100;

const RING = {
  kind: 'ringHash',
  minimumSize: 1024,
  maximumSize: 8_388_608,
  hashFunction: 'xxHash',
  hashing: { useHostname: false, balanceFactorPercent: null, policies: [] },
} as const;

interface Pod extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** A pod that answers requests and WebSocket messages with its own port. */
async function startPod(): Promise<Pod> {
  const server: Server = createServer((_request, response) => response.end(String(portOf(server))));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(isBinary ? data : `${portOf(server)} ${String(data)}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: portOf(server),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function connect(port: number, cookie: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { cookie } });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

function ask(socket: WebSocket, message: string | Buffer): Promise<string | Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('message', (data, isBinary) => resolve(isBinary ? (data as Buffer) : String(data)));
    socket.once('close', () => reject(new Error('closed')));
    socket.send(message);
  });
}

describe('WebSockets through the gateway', () => {
  it(`keeps ${SOCKETS} sockets open at once, each on the pod that its cookie names`, async () => {
    await using pods = new AsyncDisposableStack();
    const endpoints = [];
    for (let i = 0; i < 3; i++) endpoints.push(buildEndpoint(pods.use(await startPod())));
    const route = buildRoute(buildForward('c', { affinity: cookieAffinity('sid', null) }));
    await using test = await startGateway([route], [buildCluster('c', endpoints, { balancer: RING })]);
    const sockets: WebSocket[] = [];
    for (let from = 0; from < SOCKETS; from += BATCH) {
      const batch = Array.from({ length: BATCH }, (_, i) => connect(test.port, `sid=client-${from + i}`));
      sockets.push(...(await Promise.all(batch)));
    }
    const answers = await Promise.all(sockets.map((socket, i) => ask(socket, `hello ${i}`)));
    const served = new Set<string>();
    for (let i = 0; i < SOCKETS; i++) {
      const [pod, ...echo] = String(answers[i]).split(' ');
      assert.equal(echo.join(' '), `hello ${i}`);
      served.add(String(pod));
      // Every tenth also as a plain request: the same cookie leads to the same pod.
      if (i % 10 !== 0) continue;
      const plain = await fetchFrom({ port: test.port, headers: { cookie: `sid=client-${i}` } });
      assert.equal(plain.text, pod);
    }
    assert.equal(served.size, 3);
    const active = [...test.gateway.hosts].reduce((sum, [, host]) => sum + host.activeRequests, 0);
    assert.equal(active, SOCKETS, 'open sockets count as load of their pods');
    const stats = test.gateway.runtime?.clusters.get('c')?.stats;
    assert.equal(stats?.activeUpgrades, SOCKETS, 'open sockets are active sessions');
    for (const socket of sockets) socket.close();
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    await test.record(SOCKETS + SOCKETS / 10 - 1);
    assert.ok(test.records.filter(({ status }) => status === 101).length === SOCKETS);
    assert.deepEqual([stats?.activeUpgrades, stats?.upgrades], [0, SOCKETS]);
  });

  it('carries large messages both ways unchanged', async () => {
    await using pod = await startPod();
    await using test = await startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [buildEndpoint(pod)])]);
    const socket = await connect(test.port, 'sid=1');
    const message = Buffer.alloc(4_000_000);
    for (let i = 0; i < message.length; i++) message[i] = (i * 7) % 253;
    assert.ok(((await ask(socket, message)) as Buffer).equals(message));
    socket.terminate();
  });
});
