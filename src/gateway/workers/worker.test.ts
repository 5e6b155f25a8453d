import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fetchFrom } from '../../../test/support/http-client.ts';
import { startHttpServer } from '../../../test/support/http-server.ts';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
  buildSnapshot,
} from '../../../test/support/model-builder.ts';
import { strongSession, testKeyText } from '../../../test/support/strong-sessions.ts';
import { resolveBinding, toBindingKey } from '../bindings.ts';
import { ListenSocket } from '../sockets/listen-socket.ts';
import { Worker } from './worker.ts';

describe('Worker', () => {
  it('knows what was said of sessions while it had no snapshot, the last word on each host', async () => {
    await using a = await startHttpServer((_request, response) => response.end('a'));
    await using b = await startHttpServer((_request, response) => response.end('b'));
    const cluster = buildCluster('web', [buildEndpoint(a), buildEndpoint(b)]);
    const listener = buildListener([buildRoute(buildForward('web', { affinity: strongSession() }))]);
    const bindings = { bind: '127.0.0.1', portMap: new Map([[80, 0]]) };
    const key = toBindingKey(resolveBinding(bindings, listener.address, listener.port), listener.port);
    const worker = new Worker({
      slot: 0,
      settings: { bindings, accessLog: { kind: 'off' }, limits: {} },
      send() {},
    });
    await using _ = { [Symbol.asyncDispose]: () => worker.drain(0) };
    const say = (onA: number, onB: number) => ({
      counts: [
        { cluster: 'web', address: `127.0.0.1:${a.port}`, sessions: onA },
        { cluster: 'web', address: `127.0.0.1:${b.port}`, sessions: onB },
      ],
      isAnswer: false,
      news: null,
      moves: null,
    });
    await worker.receive({ kind: 'keyRings', rings: new Map([['', testKeyText(1)]]) });
    const snapshot = buildSnapshot({ listeners: [listener], clusters: [cluster] }, 1);
    const drains = { number: 0, hosts: [] };
    const socket = ListenSocket.bind('127.0.0.1', 0, { reusePort: false });
    await worker.receive({ kind: 'socket', key, index: 0 }, socket.sendable);
    const applied = worker.receive({ kind: 'apply', snapshot, health: [], drains, sessions: say(0, 100) });
    await worker.receive({ kind: 'sessions', notice: say(100, 0) });
    await applied;
    const answers: string[] = [];
    for (let i = 0; i < 20; i++) answers.push((await fetchFrom({ port: socket.port })).text);
    assert.deepEqual(new Set(answers), new Set(['b']));
  });
});
