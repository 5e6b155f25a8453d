import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { fetchFrom } from '../../../test/support/http-client.ts';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
} from '../../../test/support/model-builder.ts';
import { eventually } from '../../../test/support/processes.ts';
import { strongSession, testKeyText } from '../../../test/support/strong-sessions.ts';
import { replaceWorker, startWorkers, type TestWorkers } from '../../../test/support/workers.ts';

/** So many connections that each of two workers gets some of them, but for one in half a million runs. */
const MANY = 20;

interface Pod extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** A pod that says its name, sends events without end at /events, and takes WebSockets; streams are silent. */
async function startPod(name: string): Promise<Pod> {
  const server = createServer((incoming, response) => {
    if (incoming.url !== '/events') return response.end(name);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    return response.flushHeaders();
  });
  const sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Two pods behind two workers, with sessions that are idle after a second. */
async function startShop(pods: Readonly<Record<string, Pod>>): Promise<TestWorkers> {
  const endpoints = Object.entries(pods).map(([name, pod]) =>
    buildEndpoint(pod, { identity: { uid: `uid-${name}`, namespace: 'shop', name } }),
  );
  const clusters = [buildCluster('web', endpoints)];
  const affinity = strongSession({ idleTimeoutMillis: 1000 });
  const started = await startWorkers(clusters);
  started.workers.useKeyRings(new Map([['', testKeyText(1)]]));
  await started.apply(clusters, [buildListener([buildRoute(buildForward('web', { affinity }))])]);
  return started;
}

interface Session {
  readonly cookie: string;
  readonly pod: string;
}

async function beginSession({ port }: TestWorkers): Promise<Session> {
  const { setCookies, text } = await fetchFrom({ port });
  return { cookie: (setCookies[0] ?? '').split(';')[0] ?? '', pod: text };
}

/** What became of the session's first token in so many requests, each on a connection of its own. */
async function tryToken(started: TestWorkers, { cookie }: Session, requests: number): Promise<Record<string, number>> {
  const before = await outcomesOf(started);
  const { port } = started;
  await Promise.all(Array.from({ length: requests }, () => fetchFrom({ port, headers: { cookie } })));
  const after = Object.entries(await outcomesOf(started));
  const changes = after.map(([outcome, count]) => [outcome, count - (before[outcome] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, count]) => count !== 0));
}

/** Requests by what became of their tokens. */
async function outcomesOf({ workers, metrics }: TestWorkers): Promise<Record<string, number>> {
  await workers.refresh();
  const outcomes: Record<string, number> = {};
  for (const line of (await metrics.metrics()).split('\n')) {
    const [, outcome, count] = /^limpet_decisions_total\{.*token="([^"]+)".*\} (\d+)$/.exec(line) ?? [];
    if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + Number(count);
  }
  return outcomes;
}

/** Resolves when a session that begins now is idle. */
async function idleTime(started: TestWorkers): Promise<void> {
  const other = await beginSession(started);
  await eventually('the idle time', async () => (await tryToken(started, other, 1))['idle-expired'] === 1);
}

/** Silent streams of a session. */
class Streams implements Disposable {
  readonly #closers = new Set<() => void>();

  get open(): number {
    return this.#closers.size;
  }

  async openSocket(port: number, { cookie }: Session): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { cookie } });
    const close = (): void => socket.terminate();
    socket.once('close', () => this.#closers.delete(close));
    socket.on('error', () => {});
    await once(socket, 'open');
    this.#closers.add(close);
  }

  async openEvents(port: number, { cookie }: Session): Promise<void> {
    const outgoing = request({ port, path: '/events', headers: { cookie }, agent: false });
    // A client that ends its connection in order may still be reading: that it is gone shows with the next event.
    const close = (): void => void outgoing.socket?.resetAndDestroy();
    outgoing.on('error', () => {});
    outgoing.once('close', () => this.#closers.delete(close));
    outgoing.end();
    const [incoming] = await once(outgoing, 'response');
    incoming.on('error', () => {});
    incoming.resume();
    this.#closers.add(close);
  }

  [Symbol.dispose](): void {
    for (const close of this.#closers) close();
  }
}

describe('an open stream in one of several workers', { timeout: 60_000 }, () => {
  for (const kind of ['openSocket', 'openEvents'] as const) {
    it(`keeps its session in all of them until it is closed (${kind})`, async () => {
      await using a = await startPod('a');
      await using b = await startPod('b');
      await using started = await startShop({ a, b });
      using streams = new Streams();
      const session = await beginSession(started);
      await streams[kind](started.port, session);
      await idleTime(started);
      assert.deepEqual(await tryToken(started, session, MANY), { used: MANY });
      const { text } = await fetchFrom({ port: started.port, headers: { cookie: session.cookie } });
      assert.equal(text, session.pod);
      streams[Symbol.dispose]();
      await eventually('its end', async () => (await tryToken(started, session, MANY))['idle-expired'] === MANY);
    });
  }

  it('keeps its session when another worker with streams of it is killed, also in the one that comes', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    await using started = await startShop({ a, b });
    using streams = new Streams();
    const session = await beginSession(started);
    await Promise.all(Array.from({ length: MANY }, () => streams.openSocket(started.port, session)));
    await replaceWorker(started, 0);
    await eventually('its streams to break', () => streams.open < MANY);
    await idleTime(started);
    assert.ok(streams.open > 0, 'the other worker has streams');
    assert.deepEqual(await tryToken(started, session, MANY), { used: MANY });
    await replaceWorker(started, 1);
    // Clients whose stream broke come back at once.
    assert.deepEqual(await tryToken(started, session, 1), { used: 1 });
    await eventually('its end', async () => (await tryToken(started, session, MANY))['idle-expired'] === MANY);
    assert.equal(streams.open, 0);
  });
});
