import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import type { DrainProgress, SessionsView } from '../../src/model/sessions-view.ts';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { fetchFrom, type TestResponse } from '../support/http-client.ts';
import { reservePort } from '../support/http-server.ts';
import { eventually } from '../support/processes.ts';
import { SHOP_GATEWAY, shopRoute } from '../support/shop.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const PODS = ['web-0', 'web-1', 'web-2'] as const;
const LEAVING = 'web-0';

interface Pod extends AsyncDisposable {
  readonly port: number;
}

/** A pod that says its name to requests and to WebSocket messages, and sends events without end at /events. */
async function startPod(name: string): Promise<Pod> {
  const server = createServer((request, response) => {
    if (request.url !== '/events') return response.end(name);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    return response.write(`data: ${name}\n\n`);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', () => socket.send(name)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function workload(pods: readonly Pod[]): string {
  const slices = pods.map(
    ({ port }, index) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-${index}, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: ${port}}]
endpoints:
- {addresses: [127.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: web-${index}, namespace: shop, uid: uid-${index}}}
`,
  );
  const service =
    'apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{name: http, port: 8080}]}\n';
  return [service, ...slices].join('---\n');
}

function policy(idleTimeout: string, more: string): string {
  return `apiVersion: limpet.dev/v1alpha1
kind: SessionPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{kind: Service, name: web}]
  carrier: [{cookie: {name: sid}}]
  idleTimeout: ${idleTimeout}
  newSessions: roundRobin
${more}`;
}

/** Three pods behind a gateway with two workers. */
class Shop implements AsyncDisposable {
  readonly #cleanup = new AsyncDisposableStack();
  readonly #folder: TempDir = this.#cleanup.use(createTempDir());
  readonly #pods: Pod[] = [];
  #gateway: TestProcess | null = null;
  #admin = 0;
  port = 0;

  static async start(idleTimeout: string, more = '', pods: readonly string[] = PODS): Promise<Shop> {
    const shop = new Shop();
    for (const name of PODS) shop.#pods.push(shop.#cleanup.use(await startPod(name)));
    shop.#folder.write('shop/gateway.yaml', `${SHOP_GATEWAY}---\n${shopRoute('shop', 'shop.example')}`);
    shop.scale(pods.length);
    shop.#folder.write('shop/policy.yaml', policy(idleTimeout, more));
    shop.#admin = await reservePort();
    await shop.serve();
    return shop;
  }

  scale(pods: number): void {
    this.#folder.write('shop/workload.yaml', workload(this.#pods.slice(0, pods)));
  }

  async serve(): Promise<void> {
    const options = ['--port', '80=0', '--bind', '127.0.0.1', '--admin', String(this.#admin), '--workers', '2'];
    const args = ['run', '-f', join(this.#folder.path, 'shop'), ...options, '--access-log', 'off', '--grace', '1'];
    this.#gateway = await startLimpet(args, { env: this.#env });
    const [, port] = await this.#gateway.waitForLine(/^ready: .*? on 127\.0\.0\.1:(\d+);/);
    this.port = Number(port);
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
  }

  async get(cookie = ''): Promise<TestResponse> {
    const headers = { host: 'shop.example', ...(cookie === '' ? {} : { cookie }) };
    return await fetchFrom({ port: this.port, headers });
  }

  async beginSessions(count: number): Promise<{ readonly cookie: string; readonly pod: string }[]> {
    return await Promise.all(
      Array.from({ length: count }, async () => {
        const response = await this.get();
        return { cookie: (response.setCookies[0] ?? '').split(';')[0] ?? '', pod: response.text };
      }),
    );
  }

  /** Runs a command against the gateway's admin API. */
  async run(...args: string[]): Promise<{ readonly code: number | NodeJS.Signals; readonly output: string }> {
    await using command = await startLimpet([...args, '--admin', String(this.#admin)], { env: this.#env });
    return { code: await command.exit, output: command.output() };
  }

  async sessions(): Promise<SessionsView> {
    return JSON.parse((await fetchFrom({ port: this.#admin, path: '/sessions' })).text) as SessionsView;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#cleanup.disposeAsync();
  }

  get #env(): Record<string, string> {
    return { LIMPET_STATE_DIR: join(this.#folder.path, 'state') };
  }
}

async function connect(port: number, cookie: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { cookie, host: 'shop.example' } });
  await once(socket, 'open');
  return socket;
}

async function ask(socket: WebSocket): Promise<string> {
  socket.send('who?');
  const [data] = await once(socket, 'message');
  return String(data);
}

describe('limpet drain', { timeout: 90_000 }, () => {
  it('keeps sessions, streams and the order itself until the deadline, then moves what is left', async () => {
    await using shop = await Shop.start('30m');
    const sessions = await shop.beginSessions(30);
    const own = sessions.filter(({ pod }) => pod === LEAVING);
    assert.ok(own.length > 0);

    const begun = await shop.run('drain', 'shop/web-0');
    assert.deepEqual(
      [begun.code, /^draining shop\/web-0 \(127\.0\.0\.1:\d+\): \d+ sessions, /.test(begun.output)],
      [0, true],
    );
    await eventually('nothing new', async () => (await shop.beginSessions(12)).every(({ pod }) => pod !== LEAVING));
    for (const { cookie, pod } of sessions) assert.equal((await shop.get(cookie)).text, pod);

    await shop.stop();
    await shop.serve();
    assert.ok(
      (await shop.beginSessions(20)).every(({ pod }) => pod !== LEAVING),
      'the order outlives the gateway',
    );
    for (const { cookie, pod } of sessions) assert.equal((await shop.get(cookie)).text, pod);
    await eventually(
      'the sessions to be known again',
      async () => (await shop.sessions()).drains[0]?.sessions === own.length,
    );

    const [{ cookie } = { cookie: '' }] = own;
    const socket = await connect(shop.port, cookie);
    assert.equal(await ask(socket), LEAVING);
    const events = fetchFrom({ port: shop.port, path: '/events', headers: { host: 'shop.example', cookie } });
    const cut = assert.rejects(events);
    const closed = once(socket, 'close');
    const waiting = shop.run('drain', 'web-0', '--deadline', '3s', '--wait');
    assert.equal(await ask(socket), LEAVING);
    const { code, output } = await waiting;
    assert.equal(code, 0, output);
    assert.match(output, /^draining shop\/web-0 .*, 2 requests in flight, .*deadline \d\d:\d\d:\d\dZ$/m);
    assert.match(output, /^shop\/web-0(: the deadline has come; .* left| is empty)$/m);
    const [closeCode] = await closed;
    assert.equal(closeCode, 1012);
    await cut;
    for (const each of own) {
      const response = await shop.get(each.cookie);
      assert.notEqual(response.text, LEAVING);
      assert.equal(response.setCookies.length, 1, 'a fresh token');
    }
    await eventually('an empty pod', async () => (await shop.sessions()).drains[0]?.state === 'empty');

    assert.deepEqual(await shop.run('undrain', 'uid-0'), { code: 0, output: 'shop/web-0 takes new sessions again\n' });
    await eventually('new sessions', async () => (await shop.beginSessions(12)).some(({ pod }) => pod === LEAVING));
    const again = await shop.run('undrain', 'web-0');
    assert.deepEqual([again.code, /answered 404: no order to drain web-0 is there/.test(again.output)], [1, true]);
  });

  it('returns from --wait when the last session has ended, and when it is called off', async () => {
    await using shop = await Shop.start('2s');
    // Until a client has returned its token the session counts for a minute.
    for (const { cookie } of await shop.beginSessions(9)) await shop.get(cookie);
    const { code, output } = await shop.run('drain', 'web-0', '--wait', '-o', 'json');
    const { state, pod, sessions } = JSON.parse(output) as DrainProgress;
    assert.deepEqual([code, state, pod, sessions], [0, 'empty', 'shop/web-0', 0]);

    const kept = (await shop.beginSessions(9)).find((session) => session.pod === 'web-1');
    const socket = await connect(shop.port, kept?.cookie ?? '');
    const waiting = shop.run('drain', 'web-1', '--wait');
    await eventually('the order', async () => (await shop.sessions()).drains.length === 2);
    await shop.run('undrain', 'web-1');
    const called = await waiting;
    assert.deepEqual([called.code, /drain of shop\/web-1 has been called off/.test(called.output)], [1, true]);
    assert.equal(await ask(socket), 'web-1');
    socket.terminate();
  });

  it('says what is wrong with a call', async () => {
    await using shop = await Shop.start('30m');
    const calls: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['drain', 'web-9'], 1, /answered 404: no endpoint is called web-9/],
      [['drain', '127.0.0.1'], 1, /answered 409: 127\.0\.0\.1 may be any of 3 pods: shop\/web-0/],
      [['drain', 'web-0', '--deadline', 'soon'], 2, /Write a time/],
      [['drain'], 2, /missing required argument 'endpoint'/],
    ];
    for (const [args, code, message] of calls) {
      const result = await shop.run(...args);
      assert.equal(result.code, code, result.output);
      assert.match(result.output, message);
    }
  });
});

describe('rebalancing', { timeout: 90_000 }, () => {
  it('moves idle sessions to a new pod, off pods above the average, as many as the workers together may', async () => {
    const rebalance = '  rebalance: {idleFor: 1s, whenAbove: 1.2, maxPerMinute: 7}\n';
    await using shop = await Shop.start('30m', rebalance, ['web-0', 'web-1']);
    const sessions = await shop.beginSessions(40);
    await eventually('all to be counted', async () => (await shop.sessions()).sessions === 40);
    shop.scale(3);
    await eventually('the new pod', async () => (await shop.sessions()).endpoints.length === 3);
    // In use: nothing moves.
    const busy = sessions.slice(0, 5);
    for (const { cookie, pod } of busy) assert.equal((await shop.get(cookie)).text, pod);
    // Tokens tell whole seconds, and a refresh interval more is given to them.
    await delay(3_000);
    let moved = 0;
    for (const { cookie, pod } of sessions) {
      const response = await shop.get(cookie);
      if (response.text === pod) continue;
      assert.equal(response.text, 'web-2');
      moved++;
    }
    assert.equal(moved, 7);
  });
});
