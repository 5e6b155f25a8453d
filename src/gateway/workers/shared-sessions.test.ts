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
import { replaceWorker, startWorkers, type TestWorkers } from '../../../test/support/workers.ts';
import type { Cluster } from '../../model/cluster.ts';

const KEYS = Array.from({ length: 60 }, (_, index) => `user-${index}`);

/** A route whose keys are to move as little as possible: they count as sessions. */
const LISTENER = buildListener([
  buildRoute(
    buildForward('web', {
      affinity: {
        kind: 'hash',
        policies: [{ kind: 'header', name: 'x-user', rewrite: null, terminal: false }],
        minimalMoves: { identity: 'uid', idleMillis: 600_000 },
      },
    }),
  ),
]);

function startPod(name: string): Promise<TestServer> {
  return startHttpServer((_request, response) => response.end(name));
}

function clusterOf(pods: Readonly<Record<string, TestServer>>): Cluster {
  const endpoints = Object.entries(pods).map(([name, pod]) =>
    buildEndpoint(pod, { identity: { uid: `uid-${name}`, namespace: 'shop', name } }),
  );
  return buildCluster('web', endpoints);
}

async function startShop(pods: Readonly<Record<string, TestServer>>): Promise<TestWorkers> {
  const started = await startWorkers([clusterOf(pods)]);
  await started.apply([clusterOf(pods)], [LISTENER]);
  return started;
}

/** Every request has a connection of its own, so that each worker gets some. */
async function podOf({ port }: TestWorkers, key: string): Promise<string> {
  return (await fetchFrom({ port, headers: { 'x-user': key } })).text;
}

async function placesOf(started: TestWorkers, keys: readonly string[]): Promise<Map<string, string>> {
  return new Map(await Promise.all(keys.map(async (key) => [key, await podOf(started, key)] as const)));
}

/** Live sessions by pod, as everybody counts them. */
function sessionsOf({ workers }: TestWorkers): Record<string, number> {
  const { endpoints } = workers.sessions.view();
  return Object.fromEntries(endpoints.map(({ pod, sessions }) => [pod.slice('shop/'.length), sessions]));
}

function countBy(places: ReadonlyMap<string, string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const pod of places.values()) counts[pod] = (counts[pod] ?? 0) + 1;
  return counts;
}

describe('sessions in workers', { timeout: 60_000 }, () => {
  it('are counted once each, whichever workers see them, and by a worker that starts', async () => {
    await using pods = await startPods('a', 'b');
    const [a, b] = pods.all;
    await using started = await startShop({ a, b });
    const places = await placesOf(started, [...KEYS, ...KEYS, ...KEYS]);
    const expected = { a: 0, b: 0, ...countBy(places) };
    await eventually('all to be counted', () => sessionsOf(started)['a'] === expected.a);
    assert.deepEqual(sessionsOf(started), expected);
    await replaceWorker(started, 0);
    await placesOf(started, KEYS);
    assert.deepEqual(sessionsOf(started), expected);
    const series = `limpet_sessions_live{cluster="web",upstream_addr="127.0.0.1:${a.port}"}`;
    assert.equal(await started.metric(series), expected.a);
  });

  it('stay when a pod comes, also in a worker that has never seen them', async () => {
    await using pods = await startPods('a', 'b', 'c');
    const [a, b, c] = pods.all;
    await using started = await startShop({ a, b });
    const places = await placesOf(started, KEYS);
    await eventually('all to be counted', () => started.workers.sessions.view().sessions === KEYS.length);
    await started.apply([clusterOf({ a, b, c })], [LISTENER]);
    await replaceWorker(started, 0);
    await replaceWorker(started, 1);
    for (let round = 0; round < 3; round++) assert.deepEqual(await placesOf(started, KEYS), places);
    const fresh = await placesOf(
      started,
      KEYS.map((key) => `new-${key}`),
    );
    assert.ok((countBy(fresh)['c'] ?? 0) > 5, 'the new pod has its share of new keys');
  });

  it('stay on a pod that drains, which gets no new ones from any worker', async () => {
    await using pods = await startPods('a', 'b');
    const [a, b] = pods.all;
    await using started = await startShop({ a, b });
    const places = await placesOf(started, KEYS);
    const { sessions } = started.workers;
    await eventually('all to be counted', () => sessions.view().sessions === KEYS.length);
    const answer = sessions.drain({ endpoint: 'a', deadlineSeconds: null });
    assert.ok(answer.kind === 'done');
    assert.equal(answer.drain.sessions, countBy(places)['a']);
    const drained = await untilUnused(started, 'a', 'during');
    assert.deepEqual(await placesOf(started, KEYS), places);
    await replaceWorker(started, 0);
    await replaceWorker(started, 1);
    assert.deepEqual(countBy(await placesOf(started, drained)), { b: drained.length });
    assert.deepEqual(await placesOf(started, KEYS), places);
    assert.equal(sessions.undrain('a').kind, 'done');
    await eventually(
      'new keys',
      async () =>
        'a' in
        countBy(
          await placesOf(
            started,
            KEYS.map((key) => `after-${key}`),
          ),
        ),
    );
  });

  it('leave a drained pod when its deadline has come, and count no more', async () => {
    await using pods = await startPods('a', 'b');
    const [a, b] = pods.all;
    await using started = await startShop({ a, b });
    await placesOf(started, KEYS);
    const { sessions } = started.workers;
    await eventually('all to be counted', () => sessions.view().sessions === KEYS.length);
    sessions.drain({ endpoint: 'a', deadlineSeconds: 1 });
    await eventually('the deadline', () => sessionsOf(started)['a'] === 0);
    await eventually('all to leave', async () => countBy(await placesOf(started, KEYS))['b'] === KEYS.length);
    await eventually('the count', () => sessionsOf(started)['b'] === KEYS.length);
    assert.equal(sessions.view().drains[0]?.state, 'empty');
  });
});

describe('a drain that is asked for at once', { timeout: 60_000 }, () => {
  it('is empty when the workers have told of their sessions, and not before', async () => {
    await using pods = await startPods('a', 'b');
    const [a, b] = pods.all;
    await using started = await startShop({ a, b });
    const { sessions } = started.workers;
    // The second session comes to the other pod, which has none either.
    for (const key of ['first', 'second']) {
      const pod = await podOf(started, key);
      const answer = sessions.drain({ endpoint: pod, deadlineSeconds: null });
      assert.ok(answer.kind === 'done');
      let { drain } = answer;
      await eventually('its session', () => {
        assert.equal(drain.state, 'draining');
        drain = sessions.view().drains.find((each) => each.pod === `shop/${pod}`) ?? drain;
        return drain.sessions === 1;
      });
    }
    for (const pod of ['a', 'b']) sessions.drain({ endpoint: pod, deadlineSeconds: 1 });
    const isEmpty = (): boolean => sessions.view().drains.every(({ state }) => state === 'empty');
    await eventually('the deadline', isEmpty);
    // A worker that is new has to have said so too.
    await replaceWorker(started, 0);
    await eventually('the new worker', isEmpty);
  });
});

async function startPods<const N extends readonly string[]>(
  ...names: N
): Promise<AsyncDisposable & { readonly all: { readonly [I in keyof N]: TestServer } }> {
  const all = await Promise.all(names.map(startPod));
  return {
    all: all as { readonly [I in keyof N]: TestServer },
    [Symbol.asyncDispose]: async () => void (await Promise.all(all.map((pod) => pod[Symbol.asyncDispose]()))),
  };
}

/** Resolves with fresh keys of which none went to the pod. */
async function untilUnused(started: TestWorkers, pod: string, prefix: string): Promise<string[]> {
  let round = 0;
  let keys: string[] = [];
  await eventually(`${pod} to get nothing new`, async () => {
    round++;
    keys = KEYS.map((key) => `${prefix}-${round}-${key}`);
    return !(pod in countBy(await placesOf(started, keys)));
  });
  return keys;
}
