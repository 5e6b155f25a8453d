import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { startRawServer } from '../../../test/support/http-server.ts';
import type { ListenSocket } from './listen-socket.ts';
import { SocketStore } from './socket-store.ts';

const HOST = '127.0.0.1';
/** Only Linux among the usual platforms spreads connections over several sockets. */
const PER_PORT = process.platform === 'linux' ? 3 : 1;

/** Accepts from the socket and answers with a name. */
async function answer(socket: ListenSocket, name: string): Promise<Server> {
  const server = createServer((client) => client.end(name));
  await socket.listenOn(server);
  return server;
}

async function ask(port: number): Promise<string> {
  const client = connect(port, HOST);
  const [data] = await once(client, 'data');
  client.destroy();
  return String(data);
}

describe('SocketStore', () => {
  it('binds several sockets to one port, and gives the same for the same key', () => {
    const store = new SocketStore({ perPort: 3 });
    const { port, sockets } = store.take('a', HOST, 0);
    assert.equal(sockets.length, PER_PORT);
    assert.ok(port > 0 && sockets.every((socket) => socket.port === port));
    assert.equal(store.take('a', HOST, 0).sockets, sockets);
    assert.deepEqual(store.keys, ['a']);
    store.close();
    assert.deepEqual(store.keys, []);
  });

  it('says as node:net does which port is taken, even by sockets that could share it', async () => {
    await using server = await startRawServer((socket) => socket.destroy());
    const store = new SocketStore({ perPort: 2 });
    const message = `listen EADDRINUSE: address already in use ${HOST}:${server.port}`;
    assert.throws(() => store.take('a', HOST, server.port), { code: 'EADDRINUSE', message });
    const { port, sockets } = store.take('b', HOST, 0);
    const other = await answer(sockets[0] as ListenSocket, 'first');
    assert.throws(() => new SocketStore({ perPort: 2 }).take('b', HOST, port), { code: 'EADDRINUSE' });
    other.close();
    store.close();
  });

  it('takes all inherited sockets of a key, however many workers there are, and discards the rest', () => {
    const before = new SocketStore({ perPort: 3 });
    const { port } = before.take('kept', HOST, 0);
    before.take('gone', HOST, 0);
    const after = new SocketStore({ perPort: 1, inherited: before.all });
    assert.deepEqual(after.take('kept', HOST, 0), { port, sockets: before.socketsOf('kept') });
    after.discardInherited();
    assert.deepEqual(after.keys, ['kept']);
    after.close();
  });

  it('binds a port that refuses connections until somebody listens on its socket', async () => {
    const store = new SocketStore({ perPort: 1 });
    const { port, sockets } = store.take('a', HOST, 0);
    await assert.rejects(ask(port), { code: 'ECONNREFUSED' });
    const server = await answer(sockets[0] as ListenSocket, 'here');
    assert.equal(await ask(port), 'here');
    server.close();
    store.close();
  });
});
