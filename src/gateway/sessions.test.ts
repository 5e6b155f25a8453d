import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway } from '../../test/support/gateway.ts';
import { fetchFrom } from '../../test/support/http-client.ts';
import { reservePort, startHttpServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute, NO_RETRIES } from '../../test/support/model-builder.ts';
import type { Affinity } from '../model/affinity.ts';
import { DEFAULT_HEALTH_POLICY } from '../model/cluster.ts';
import { type ForwardAction, NO_HEADER_OPS } from '../model/route.ts';

const SESSION: Affinity = {
  kind: 'session',
  session: {
    carriers: [{ kind: 'header', name: 'x-session' }],
    token: { kind: 'address' },
    onLost: { kind: 'rehome' },
  },
  fallback: [],
};

function split(weights: Readonly<Record<string, number>>): ForwardAction {
  const targets = Object.entries(weights).map(([cluster, weight]) => ({
    cluster,
    weight,
    subset: null,
    hostRewrite: null,
    requestHeaders: NO_HEADER_OPS,
    responseHeaders: NO_HEADER_OPS,
  }));
  return buildForward('', { targets, affinity: SESSION });
}

describe('sessions by token', () => {
  it('stay on their pod and their side of a weighted split, also when that side takes no new sessions', async () => {
    await using old = await startHttpServer((_request, response) => response.end('old'));
    await using fresh = await startHttpServer((_request, response) => response.end('new'));
    const clusters = [buildCluster('old', [buildEndpoint(old)]), buildCluster('new', [buildEndpoint(fresh)])];
    await using test = await startGateway([buildRoute(split({ old: 1, new: 0 }))], clusters);
    const first = await fetchFrom({ port: test.port });
    assert.equal(first.text, 'old');
    const token = String(first.headers['x-session']);
    assert.equal(Buffer.from(token, 'base64').toString(), old.address);
    await test.reload([buildRoute(split({ old: 0, new: 1 }))], clusters);
    for (let i = 0; i < 5; i++) {
      const kept = await fetchFrom({ port: test.port, headers: { 'x-session': token } });
      assert.equal(kept.text, 'old');
      assert.equal(kept.headers['x-session'], undefined);
    }
    assert.equal((await fetchFrom({ port: test.port })).text, 'new');
  });

  it('move when their pod is gone, and the client is told in the same response', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    await using test = await startGateway(
      [buildRoute(buildForward('c', { affinity: SESSION }))],
      [buildCluster('c', [buildEndpoint(pod)])],
    );
    const token = Buffer.from('127.9.9.9:1').toString('base64');
    const moved = await fetchFrom({ port: test.port, headers: { 'x-session': token } });
    assert.equal(Buffer.from(String(moved.headers['x-session']), 'base64').toString(), pod.address);
    assert.equal(test.records[0]?.decision?.token, 'unknown-endpoint');
  });

  it('outlive draining where the cluster says so, while new sessions go elsewhere', async () => {
    await using leaving = await startHttpServer((_request, response) => response.end('leaving'));
    await using staying = await startHttpServer((_request, response) => response.end('staying'));
    const endpoints = [buildEndpoint(leaving, { health: 'draining' }), buildEndpoint(staying)];
    const health = { ...DEFAULT_HEALTH_POLICY, sessionHealth: ['healthy', 'draining'] as const };
    await using test = await startGateway(
      [buildRoute(buildForward('c', { affinity: SESSION }))],
      [buildCluster('c', endpoints, { health })],
    );
    const token = Buffer.from(leaving.address).toString('base64');
    assert.equal((await fetchFrom({ port: test.port, headers: { 'x-session': token } })).text, 'leaving');
    for (let i = 0; i < 5; i++) assert.equal((await fetchFrom({ port: test.port })).text, 'staying');
  });

  it('are given to the pod that answered after a retry, never to one that could not be reached', async () => {
    const port = await reservePort();
    const dead = buildEndpoint({ host: '127.0.0.1', port });
    await using pod = await startHttpServer((_request, response) => response.end('ok'));
    const retry = { ...NO_RETRIES, on: ['connect-failure'] as const, retries: 1, avoidPreviousHosts: true };
    const action = buildForward('c', { affinity: SESSION, retry });
    const alone = buildForward('dead', { affinity: SESSION });
    await using test = await startGateway(
      [buildRoute(alone, '/dead'), buildRoute(action)],
      [buildCluster('c', [dead, buildEndpoint(pod)]), buildCluster('dead', [dead])],
    );
    const token = Buffer.from(dead.address).toString('base64');
    const retried = await fetchFrom({ port: test.port, headers: { 'x-session': token } });
    assert.equal(retried.status, 200);
    assert.equal(Buffer.from(String(retried.headers['x-session']), 'base64').toString(), pod.address);
    const failed = await fetchFrom({ port: test.port, path: '/dead' });
    assert.equal(failed.status, 503);
    assert.equal(failed.headers['x-session'], undefined);
  });
});
