import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { RING } from '../../test/support/affinity.ts';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { RawClient } from '../../test/support/http-client.ts';
import { startRawServer, type TestServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../test/support/model-builder.ts';
import type { Affinity } from '../model/affinity.ts';
import type { Balancer } from '../model/cluster.ts';
import type { ForwardAction, Route } from '../model/route.ts';

const CONNECT = 'CONNECT db.example:5432 HTTP/1.1\r\nhost: db.example:5432\r\n';
const TAKEN = 'HTTP/1.1 200 OK\r\n\r\n';

/** A pod that answers a head with `answer` and then sends back what comes. */
async function startPod(answer: string): Promise<TestServer & { readonly received: string[] }> {
  const received: string[] = [];
  const server = await startRawServer((socket) => {
    const at = received.push('') - 1;
    socket.on('data', (chunk: Buffer) => {
      const wasHead = !received[at]?.includes('\r\n\r\n');
      received[at] += chunk.toString('latin1');
      const end = received[at]?.indexOf('\r\n\r\n') ?? -1;
      if (end < 0) return;
      if (wasHead) socket.write(answer);
      const rest = wasHead ? received[at]?.slice(end + 4) : chunk;
      if (rest !== undefined && rest.length > 0) socket.write(rest);
    });
    socket.on('end', () => socket.end());
  });
  return Object.assign(server, { received });
}

function connectRoute(action: Partial<ForwardAction> = {}): Route {
  const route = buildRoute(buildForward('c', action));
  const method = { kind: 'exact', value: 'CONNECT', ignoreCase: false } as const;
  const headers = [{ name: ':method', match: method, invert: false, missingAsEmpty: false }];
  return { ...route, match: { ...route.match, headers } };
}

function startBefore(
  pods: readonly TestServer[],
  routes: readonly Route[],
  balancer: Balancer = { kind: 'random' },
): Promise<TestGateway> {
  const endpoints = pods.map((pod) => buildEndpoint(pod));
  return startGateway(routes, [buildCluster('c', endpoints, { balancer })]);
}

describe('CONNECT', () => {
  it('is refused by routes that do not name it, and nothing meant for the tunnel is read as a request', async () => {
    await using pod = await startPod(TAKEN);
    const named = connectRoute();
    const headers = named.match.headers.map((header) => ({
      ...header,
      match: { kind: 'regex', pattern: '.*' } as const,
    }));
    const byRegex = { ...named, match: { ...named.match, headers } };
    await using test = await startBefore([pod], [byRegex, buildRoute(buildForward('c'))]);
    using client = await RawClient.connect(test.port);
    client.write(`${CONNECT}\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n`);
    const answer = await client.waitForEnd();
    assert.match(answer, /^HTTP\/1\.1 501 .*\r\nconnection: close\r\n/s);
    assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
    assert.equal(pod.connectionCount(), 0);
  });

  it('opens a tunnel where a route names it, with what the client has sent ahead', async () => {
    await using pod = await startPod('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nupgrade: h2c\r\n\r\n');
    await using test = await startBefore([pod], [buildRoute(buildForward('c'), '/api'), connectRoute()]);
    using client = await RawClient.connect(test.port);
    client.write(`${CONNECT}upgrade: websocket\r\nconnection: upgrade\r\n\r\nearly,`);
    const answer = await client.waitFor(/early,$/);
    // RFC 9110 §9.3.6: no framing fields in a 2xx to CONNECT; nothing switched, either.
    assert.doesNotMatch(answer, /content-length|transfer-encoding|connection:|upgrade:/i);
    client.write('GET / HTTP/1.1\r\n\r\n');
    await client.waitFor(/early,GET \/ HTTP\/1\.1\r\n\r\n$/);
    assert.match(pod.received[0] ?? '', /^CONNECT db\.example:5432 HTTP\/1\.1\r\nhost: db\.example:5432\r\n/);
    assert.doesNotMatch(pod.received[0] ?? '', /upgrade/i);
    assert.equal(test.gateway.runtime?.clusters.get('c')?.stats.activeUpgrades, 1);
    client.socket.end();
    await client.waitForEnd();
    const { method, authority, status, responseFlags } = await test.record(0);
    assert.deepEqual([method, authority, status, responseFlags], ['CONNECT', 'db.example:5432', 200, '']);
  });

  it('ends the connection where the pod refuses, so that nothing meant for the tunnel is read as a request', async () => {
    await using pod = await startPod('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
    await using test = await startBefore([pod], [connectRoute(), buildRoute(buildForward('c'))]);
    using client = await RawClient.connect(test.port);
    client.write(`${CONNECT}\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n`);
    const answer = await client.waitForEnd();
    assert.match(answer, /^HTTP\/1\.1 403 .*\r\nconnection: close\r\n/s);
    assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
    assert.doesNotMatch(pod.received.join(), /smuggled/);
  });

  it('keeps a session on its pod', async () => {
    await using first = await startPod(TAKEN);
    await using second = await startPod(TAKEN);
    const affinity: Affinity = {
      kind: 'hash',
      policies: [{ kind: 'header', name: 'x-user', rewrite: null, terminal: false }],
    };
    await using test = await startBefore([first, second], [connectRoute({ affinity })], RING);
    for (let i = 0; i < 8; i++) {
      using client = await RawClient.connect(test.port);
      client.write(`${CONNECT}x-user: carol\r\n\r\n`);
      await client.waitFor(/^HTTP\/1\.1 200 /);
    }
    assert.deepEqual([first.connectionCount(), second.connectionCount()].sort(), [0, 8]);
  });

  it('goes where the route rewrites its host to, with the port that the client wanted', async () => {
    await using pod = await startPod(TAKEN);
    const pathRewrite = { kind: 'full', value: '/other' } as const;
    await using test = await startBefore([pod], [connectRoute({ hostRewrite: 'store.internal', pathRewrite })]);
    using client = await RawClient.connect(test.port);
    client.write(`${CONNECT}\r\n`);
    await client.waitFor(/^HTTP\/1\.1 200 /);
    assert.match(pod.received[0] ?? '', /^CONNECT store\.internal:5432 HTTP\/1\.1\r\n/);
    assert.match(pod.received[0] ?? '', /\r\nhost: store\.internal:5432\r\n/);
    assert.doesNotMatch(pod.received[0] ?? '', /original-path/);
  });

  it('says with a status what a broken pod did', async () => {
    await using pod = await startRawServer((socket) => void once(socket, 'data').then(() => socket.destroy()));
    await using test = await startBefore([pod], [connectRoute()]);
    using client = await RawClient.connect(test.port);
    client.write(`${CONNECT}\r\n`);
    assert.match(await client.waitForEnd(), /^HTTP\/1\.1 503 .*\r\nconnection: close\r\n/s);
  });
});
