import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fetchFrom } from '../../../test/support/http-client.ts';
import { startHttpServer, type TestServer } from '../../../test/support/http-server.ts';
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
import type { Cluster } from '../../model/cluster.ts';
import type { Listener } from '../../model/listener.ts';
import type { Rebalance } from '../../model/strong-session.ts';

/** So many requests that each of two workers gets some of them, but for one in a billion runs. */
const MANY = 30;

/** Its sessions may move at any time. */
function startPod(name: string): Promise<TestServer> {
  return startHttpServer((_request, response) => response.setHeader('limpet-session', 'release').end(name));
}

type Pods = Readonly<Record<string, TestServer>>;

function clusterOf(pods: Pods): Cluster {
  const endpoints = Object.entries(pods).map(([name, pod]) =>
    buildEndpoint(pod, { identity: { uid: `uid-${name}`, namespace: 'shop', name } }),
  );
  return buildCluster('web', endpoints);
}

interface Client {
  cookie: string;
  pod: string;
}

class Shop implements AsyncDisposable {
  readonly started: TestWorkers;
  readonly #listener: Listener;

  private constructor(started: TestWorkers, listener: Listener) {
    this.started = started;
    this.#listener = listener;
  }

  static async start(pods: Pods, rebalance: Rebalance): Promise<Shop> {
    const started = await startWorkers([clusterOf(pods)]);
    started.workers.useKeyRings(new Map([['', testKeyText(1)]]));
    const route = buildRoute(buildForward('web', { affinity: strongSession({ rebalance }) }));
    const shop = new Shop(started, buildListener([route]));
    await shop.scale(pods);
    return shop;
  }

  async scale(pods: Pods): Promise<void> {
    await this.started.apply([clusterOf(pods)], [this.#listener]);
  }

  /** Resolves when so many sessions may move, in all workers. */
  async choose(count: number): Promise<void> {
    const { center } = this.started.workers.sessions;
    await eventually('the choice', () => center.sessionsToMove === count);
    assert.equal(await this.started.metric('limpet_sessions_to_move'), count);
  }

  /** Each request has a connection of its own, so that both workers get some of them. */
  async visit(client: Client, requests = 1): Promise<readonly string[]> {
    const { port } = this.started;
    const headers = client.cookie === '' ? {} : { cookie: client.cookie };
    const answers = await Promise.all(Array.from({ length: requests }, () => fetchFrom({ port, headers })));
    for (const { setCookies, text } of answers) {
      client.cookie = setCookies[0]?.split(';')[0] ?? client.cookie;
      client.pod = text;
    }
    return answers.map(({ text }) => text);
  }

  async begin(count: number): Promise<readonly Client[]> {
    const clients = Array.from({ length: count }, (): Client => ({ cookie: '', pod: '' }));
    await Promise.all(clients.map((client) => this.visit(client)));
    return clients;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.started[Symbol.asyncDispose]();
  }
}

describe('moves of sessions in workers', { timeout: 60_000 }, () => {
  it('are agreed on where sessions come back at once, each with several requests', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    await using shop = await Shop.start({ a }, { idleForMillis: 600_000, whenAbove: 1.1, maxPerMinute: 600 });
    const clients = await shop.begin(2 * MANY);
    await shop.scale({ a, b });
    // 33 is 1.1 times the average.
    await shop.choose(27);
    const visits = await Promise.all(clients.map((client) => shop.visit(client, 6)));
    for (const pods of visits) assert.equal(new Set(pods).size, 1, pods.join(' '));
    assert.equal(clients.filter(({ pod }) => pod === 'b').length, 27);
    for (const pods of await Promise.all(clients.map((client) => shop.visit(client, 2)))) {
      assert.equal(new Set(pods).size, 1);
    }
    assert.equal(clients.filter(({ pod }) => pod === 'b').length, 27);
  });

  it('are no more when workers are replaced', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    await using shop = await Shop.start({ a }, { idleForMillis: 600_000, whenAbove: 1.1, maxPerMinute: 4 });
    const clients = await shop.begin(2 * MANY);
    await shop.scale({ a, b });
    await shop.choose(4);
    await Promise.all(clients.slice(0, MANY).map((client) => shop.visit(client)));
    for (const worker of [0, 1]) await replaceWorker(shop.started, worker);
    for (let round = 0; round < 10; round++) {
      await Promise.all(clients.map((client) => shop.visit(client)));
      assert.ok(clients.filter(({ pod }) => pod === 'b').length <= 4);
    }
  });
});
