import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway } from '../../../test/support/gateway.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../../test/support/model-builder.ts';
import { strongSession } from '../../../test/support/strong-sessions.ts';
import type { Cluster, Endpoint } from '../../model/cluster.ts';
import type { DrainAnswer, DrainProgress } from '../../model/sessions-view.ts';
import type { Gateway } from '../gateway.ts';
import type { Runtime } from '../runtime.ts';
import type { UpstreamHost } from '../upstream-host.ts';
import { DrainBoard } from './drain-board.ts';
import type { DrainStore, SavedDrains } from './drain-file.ts';

class MemoryStore implements DrainStore {
  saved: SavedDrains = { orders: [], starts: [] };
  fails = false;

  load(): SavedDrains {
    return this.saved;
  }

  save(drains: SavedDrains): void {
    if (this.fails) throw new Error('no space left');
    this.saved = structuredClone(drains);
  }
}

function pod(name: string, port: number, overrides: Partial<Endpoint> = {}): Endpoint {
  const host = '127.0.0.1';
  return buildEndpoint({ host, port }, { identity: { uid: `uid-${name}`, namespace: 'shop', name }, ...overrides });
}

/** Two services of which `web-0` is in both; with a policy that lets draining pods keep sessions for ten minutes. */
const PODS = [pod('web-0', 1), pod('web-1', 2)];
const CLUSTERS = [buildCluster('web', PODS), buildCluster('web-admin', [pod('web-0', 11)])];

async function setUp(clusters: readonly Cluster[] = CLUSTERS, store = new MemoryStore(), now = 5_000) {
  const routes = [buildRoute(buildForward('web', { affinity: strongSession({ drainDeadlineMillis: 600_000 }) }))];
  const test = await startGateway(routes, clusters);
  const clock = { now };
  const passes: ReadonlySet<UpstreamHost>[] = [];
  const oldestSeconds = (hosts: ReadonlySet<UpstreamHost>): ReadonlyMap<UpstreamHost, number> => {
    passes.push(hosts);
    return new Map([...hosts].map((host) => [host, 30]));
  };
  /** The last list that all workers have followed. */
  const workers = { followed: Number.POSITIVE_INFINITY };
  const isFollowed = (list: number): boolean => list <= workers.followed;
  const board = new DrainBoard({ store, nowSeconds: () => clock.now, oldestSeconds, isFollowed });
  board.restore();
  const follow = (): void => {
    if (board.follow(test.gateway.runtime as Runtime)) board.save();
  };
  follow();
  const change = async (changed: readonly Cluster[]): Promise<void> => {
    await test.reload(routes, changed);
    follow();
  };
  return {
    board,
    clock,
    passes,
    store,
    workers,
    gateway: test.gateway,
    change,
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

function done(answer: DrainAnswer): DrainProgress {
  assert.ok(answer.kind === 'done', JSON.stringify(answer));
  return answer.drain;
}

function addresses(board: DrainBoard): string[] {
  return board.list.hosts.map(({ cluster, address }) => `${cluster} ${address}`).sort();
}

function setLoad(gateway: Gateway, cluster: string, port: number, sessions: number, requests = 0): void {
  const host = gateway.hosts.find(cluster, `127.0.0.1:${port}`);
  assert.ok(host);
  host.liveSessions = sessions;
  host.activeRequests = requests;
}

describe('DrainBoard', () => {
  it('drains all endpoints of the pod that a name, address or uid means', async () => {
    for (const text of ['web-0', 'shop/web-0', 'uid-web-0', '127.0.0.1:1', '127.0.0.1:11']) {
      await using test = await setUp();
      const drain = done(test.board.order({ endpoint: text, deadlineSeconds: null }));
      assert.deepEqual([drain.pod, drain.uid, drain.by, drain.state], ['shop/web-0', 'uid-web-0', 'order', 'empty']);
      assert.deepEqual(addresses(test.board), ['web 127.0.0.1:1', 'web-admin 127.0.0.1:11']);
    }
  });

  it('says so when nothing, or more than one pod, is meant', async () => {
    await using test = await setUp();
    const unknown = test.board.order({ endpoint: 'web', deadlineSeconds: null });
    assert.deepEqual(unknown, { kind: 'unknown', message: 'no endpoint is called web' });
    const ambiguous = test.board.order({ endpoint: '127.0.0.1', deadlineSeconds: null });
    const message = '127.0.0.1 may be any of 2 pods: shop/web-0, shop/web-1';
    assert.deepEqual(ambiguous, { kind: 'ambiguous', message });
    assert.deepEqual(addresses(test.board), []);
  });

  it('writes an order down before it counts', async () => {
    await using test = await setUp();
    test.store.fails = true;
    assert.throws(() => test.board.order({ endpoint: 'web-0', deadlineSeconds: 60 }));
    assert.deepEqual(addresses(test.board), []);
    test.store.fails = false;
    test.board.order({ endpoint: 'web-0', deadlineSeconds: 60 });
    await using next = await setUp(CLUSTERS, test.store);
    assert.equal(addresses(next.board).length, 2);
    assert.equal(next.board.list.hosts[0]?.drain.deadlineSeconds, 5_060);
    next.board.cancel('web-0');
    assert.deepEqual(test.store.saved.orders, []);
  });

  it('keeps the start of a drain whose deadline changes', async () => {
    await using test = await setUp();
    test.board.order({ endpoint: 'web-0', deadlineSeconds: 60 });
    test.clock.now += 30;
    const drain = done(test.board.order({ endpoint: 'web-0', deadlineSeconds: 10 }));
    assert.deepEqual([drain.startedSeconds, drain.deadlineSeconds], [5_000, 5_040]);
  });

  it('drains what the configuration calls draining, since it first did', async () => {
    await using test = await setUp();
    const draining = buildCluster('web', [pod('web-0', 1, { health: 'draining' }), pod('web-1', 2)]);
    await test.change([draining]);
    const [first] = test.board.list.hosts;
    assert.deepEqual(first?.drain, { startedSeconds: 5_000, deadlineSeconds: null, by: 'endpoint' });
    test.clock.now += 60;
    await test.change([draining]);
    assert.equal(test.board.list.hosts[0]?.drain.startedSeconds, 5_000);
    // An order on top has the deadline of the order.
    test.board.order({ endpoint: 'web-0', deadlineSeconds: 5 });
    const { drain } = test.board.list.hosts[0] ?? {};
    assert.deepEqual(drain, { startedSeconds: 5_000, deadlineSeconds: 5_065, by: 'order' });
    test.board.cancel('web-0');
    assert.deepEqual(test.board.cancel('web-0').kind, 'refused');
    await test.change([buildCluster('web', [pod('web-0', 1), pod('web-1', 2)])]);
    assert.deepEqual(addresses(test.board), []);
  });

  it('keeps the start of what the configuration calls draining for the next process', async () => {
    const draining = buildCluster('web', [pod('web-0', 1, { health: 'draining' }), pod('web-1', 2)]);
    const starts = ({ board }: { readonly board: DrainBoard }): number[] =>
      board.list.hosts.map(({ drain }) => drain.startedSeconds);
    await using test = await setUp([draining]);
    await using next = await setUp([draining], test.store, 5_060);
    assert.deepEqual(starts(next), [5_000]);
    // An order writes down both.
    next.board.order({ endpoint: 'web-1', deadlineSeconds: null });
    await using third = await setUp([draining], test.store, 5_120);
    assert.deepEqual(starts(third), [5_060, 5_000]);
    await third.change([buildCluster('web', PODS)]);
    // It serves again meanwhile: the next drain is another one.
    await using fourth = await setUp([draining], test.store, 5_180);
    assert.deepEqual(starts(fourth), [5_060, 5_180]);
  });

  it('knows what drained before also while there is no configuration yet', () => {
    const store = new MemoryStore();
    const name = { uid: 'u', namespace: 'shop', name: 'web-0', address: '' };
    store.saved = { orders: [], starts: [{ pod: name, startedSeconds: 4_000 }] };
    const options = { nowSeconds: () => 5_000, oldestSeconds: () => new Map(), isFollowed: () => true };
    const board = new DrainBoard({ store, ...options });
    board.restore();
    assert.deepEqual([board.list.hosts, board.expiredHosts.size, board.prune()], [[], 0, false]);
    assert.equal(board.progress[0]?.state, 'gone');
  });

  it('does not drain another pod that has the address or the name now', async () => {
    await using test = await setUp();
    test.board.order({ endpoint: 'web-0', deadlineSeconds: null });
    const identity = { uid: 'uid-later', namespace: 'shop', name: 'web-0' };
    await test.change([buildCluster('web', [pod('web-0', 1, { identity }), pod('web-1', 2)])]);
    assert.deepEqual(addresses(test.board), []);
    assert.equal(test.board.progress[0]?.state, 'gone');
    // The order is for a pod that is not coming back.
    test.board.prune();
    test.clock.now += 601;
    assert.equal(test.board.prune(), true);
    assert.deepEqual([test.board.progress, test.store.saved.orders], [[], []]);
  });

  it('keeps an order while its pod is lost for a moment', async () => {
    await using test = await setUp();
    test.board.order({ endpoint: 'web-0', deadlineSeconds: null });
    await test.change([buildCluster('web', [pod('web-1', 2)])]);
    test.board.prune();
    test.clock.now += 300;
    assert.equal(test.board.prune(), false);
    await test.change(CLUSTERS);
    test.board.prune();
    test.clock.now += 500;
    assert.equal(test.board.prune(), false);
    assert.equal(addresses(test.board).length, 2);
  });

  it('tells how far a drain has come, and what it may still take', async () => {
    await using test = await setUp();
    setLoad(test.gateway, 'web', 1, 80, 3);
    setLoad(test.gateway, 'web-admin', 11, 20);
    const begun = done(test.board.order({ endpoint: 'web-0', deadlineSeconds: null }));
    assert.deepEqual([begun.sessions, begun.activeRequests, begun.oldestSeconds], [100, 3, 30]);
    // Nobody knows the pace yet; the deadline of the policy is known.
    assert.deepEqual([begun.estimateSeconds, begun.deadlineSeconds], [600, 5_600]);
    test.clock.now += 50;
    setLoad(test.gateway, 'web', 1, 40, 0);
    setLoad(test.gateway, 'web-admin', 11, 10);
    const [half] = test.board.progress;
    assert.deepEqual([half?.sessions, half?.estimateSeconds, half?.state], [50, 50, 'draining']);
    setLoad(test.gateway, 'web', 1, 0);
    setLoad(test.gateway, 'web-admin', 11, 0);
    const [end] = test.board.progress;
    assert.deepEqual([end?.state, end?.estimateSeconds, end?.oldestSeconds], ['empty', 0, null]);
  });

  it('calls a pod empty when all workers have told of their sessions since it drains, and not before', async () => {
    await using test = await setUp();
    const { board, workers } = test;
    workers.followed = board.list.number;
    const states = (): string[] => board.progress.map(({ state }) => state);
    assert.equal(done(board.order({ endpoint: 'web-0', deadlineSeconds: null })).state, 'draining');
    workers.followed = board.list.number;
    assert.deepEqual(states(), ['empty']);
    // Another pod's drain, or another deadline, makes nothing of it unknown.
    board.order({ endpoint: 'web-1', deadlineSeconds: null });
    board.order({ endpoint: 'web-0', deadlineSeconds: 60 });
    assert.deepEqual(states(), ['empty', 'draining']);
    workers.followed = board.list.number;
    board.cancel('web-0');
    board.order({ endpoint: 'web-0', deadlineSeconds: 60 });
    assert.deepEqual(states(), ['empty', 'draining']);
    workers.followed = board.list.number;
    await test.change([
      buildCluster('web', [pod('web-0', 1), pod('web-1', 2), pod('web-2', 3, { health: 'draining' })]),
    ]);
    assert.deepEqual(states(), ['empty', 'empty', 'draining']);
    test.clock.now += 60;
    assert.deepEqual(states(), ['empty', 'empty', 'draining']);
  });

  it('looks through the sessions once, however many pods drain', async () => {
    await using test = await setUp();
    for (const [cluster, port] of [
      ['web', 1],
      ['web', 2],
      ['web-admin', 11],
    ] as const)
      setLoad(test.gateway, cluster, port, 5);
    for (const endpoint of ['web-0', 'web-1']) done(test.board.order({ endpoint, deadlineSeconds: null }));
    test.passes.length = 0;
    assert.deepEqual(
      test.board.progress.map(({ oldestSeconds }) => oldestSeconds),
      [30, 30],
    );
    assert.deepEqual(
      test.passes.map(({ size }) => size),
      [3],
    );
  });

  it('begins anew when a pod drains again', async () => {
    await using test = await setUp();
    const draining = [buildCluster('web', [pod('web-0', 1, { health: 'draining' }), pod('web-1', 2)])];
    await test.change(draining);
    setLoad(test.gateway, 'web', 1, 80);
    assert.equal(test.board.progress[0]?.estimateSeconds, 600);
    await test.change(CLUSTERS);
    setLoad(test.gateway, 'web', 1, 8);
    await test.change(draining);
    // Sessions that ended before say nothing of the pace of this drain.
    assert.equal(test.board.progress[0]?.estimateSeconds, 600);
  });

  it("is over when the deadline has come: the order's, or else that of the policies", async () => {
    await using test = await setUp();
    setLoad(test.gateway, 'web', 1, 5);
    test.board.order({ endpoint: 'web-0', deadlineSeconds: null });
    test.clock.now += 599;
    assert.equal(test.board.progress[0]?.state, 'draining');
    assert.equal(test.board.expiredHosts.size, 0);
    test.clock.now += 1;
    assert.equal(test.board.progress[0]?.state, 'over');
    assert.deepEqual(
      [...test.board.expiredHosts].map(({ cluster }) => cluster),
      ['web'],
    );
    test.board.order({ endpoint: 'web-0', deadlineSeconds: 0 });
    assert.deepEqual(
      [...test.board.expiredHosts].map(({ cluster }) => cluster),
      ['web', 'web-admin'],
    );
  });
});
