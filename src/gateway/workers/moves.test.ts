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
import { strongSession, testKeyText } from '../../../test/support/strong-sessions.ts';
import { replaceWorker, startWorkers } from '../../../test/support/workers.ts';
import type { Cluster } from '../../model/cluster.ts';

/** So many requests that each of two workers gets some of them, but for one in a billion runs. */
const MANY = 30;

/** Its sessions may move at any time. */
function startPod(name: string): Promise<TestServer> {
  return startHttpServer((_request, response) => response.setHeader('limpet-session', 'release').end(name));
}

function clusterOf(pods: Readonly<Record<string, TestServer>>): Cluster {
  const endpoints = Object.entries(pods).map(([name, pod]) =>
    buildEndpoint(pod, { identity: { uid: `uid-${name}`, namespace: 'shop', name } }),
  );
  return buildCluster('web', endpoints);
}

describe('moves of sessions in workers', { timeout: 60_000 }, () => {
  it('are no more when workers are replaced', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    await using started = await startWorkers([clusterOf({ a })]);
    started.workers.useKeyRings(new Map([['', testKeyText(1)]]));
    const rebalance = { idleForMillis: 600_000, whenAbove: 1.1, maxPerMinute: 4 };
    const listener = buildListener([buildRoute(buildForward('web', { affinity: strongSession({ rebalance }) }))]);
    await started.apply([clusterOf({ a })], [listener]);
    const { port } = started;
    const begun = await Promise.all(Array.from({ length: 2 * MANY }, () => fetchFrom({ port })));
    const cookies = begun.map(({ setCookies }) => setCookies[0]?.split(';')[0] ?? '');
    const moved = async (some: readonly string[]): Promise<number> => {
      const answers = await Promise.all(some.map((cookie) => fetchFrom({ port, headers: { cookie } })));
      return answers.filter(({ text }) => text === 'b').length;
    };
    await started.apply([clusterOf({ a, b })], [listener]);
    assert.equal(await moved(cookies.slice(0, MANY)), 4);
    await replaceWorker(started, 0);
    await replaceWorker(started, 1);
    assert.equal(await moved(cookies.slice(MANY)), 0);
  });
});
