import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { startGateway } from '../../test/support/gateway.ts';
import { buildRoute } from '../../test/support/model-builder.ts';

const BURST = 200;
const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

describe('connections that arrive all at once', () => {
  it('are all served', async () => {
    await using test = await startGateway([buildRoute({ kind: 'respond', status: 200, body: 'hi' })], []);
    const answers = await Promise.all(Array.from({ length: BURST }, () => exchange(test.port)));
    assert.ok(answers.every((answer) => answer.startsWith('HTTP/1.1 200 ') && answer.endsWith('hi')));
    const [listener] = test.gateway.gatewayListeners;
    assert.equal(listener?.stats.connections, BURST);
  });

  it('hold nothing up when the gateway drains', async () => {
    await using test = await startGateway([buildRoute({ kind: 'respond', status: 200, body: 'hi' })], []);
    const sockets = Array.from({ length: BURST }, () => connect(test.port, '127.0.0.1').on('error', () => {}));
    await once(sockets[0] ?? assert.fail(), 'connect');
    await test.gateway.drain(5_000);
    const [listener] = test.gateway.gatewayListeners;
    assert.equal(listener?.stats.activeConnections ?? 0, 0);
    for (const socket of sockets) socket.destroy();
  });
});

async function exchange(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(REQUEST);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}
