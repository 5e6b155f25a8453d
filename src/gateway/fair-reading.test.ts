import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { turnEventLoop } from '../../test/support/event-loop.ts';
import { startRawServer } from '../../test/support/http-server.ts';
import { readFairly } from './fair-reading.ts';

const BUFFER_BYTES = 1_024;

describe('readFairly', () => {
  it('takes no more than a few full buffers of a socket in one turn of the event loop, and all in the end', async () => {
    const total = 2_000_000;
    await using server = await startRawServer((socket) => void socket.end(Buffer.alloc(total, 'x')));
    let inThisTurn = 0;
    let most = 0;
    let received = 0;
    const socket: net.Socket = net.connect({
      port: server.port,
      host: server.host,
      onread: readFairly(
        Buffer.alloc(BUFFER_BYTES),
        (chunk) => {
          if (inThisTurn === 0) {
            setImmediate(() => {
              inThisTurn = 0;
            });
          }
          inThisTurn += chunk.length;
          most = Math.max(most, inThisTurn);
          received += chunk.length;
        },
        () => socket,
      ),
    });
    await once(socket, 'close');
    assert.equal(received, total);
    assert.ok(most <= 2 * BUFFER_BYTES, `${most} bytes in one turn`);
  });

  it('lets few of many large transfers go on in one turn', async () => {
    const total = 200_000;
    await using server = await startRawServer((socket) => void socket.end(Buffer.alloc(total, 'x')));
    let inThisTurn = 0;
    let turns = 0;
    let received = 0;
    const sockets: net.Socket[] = Array.from({ length: 20 }, (_, index) =>
      net.connect({
        port: server.port,
        host: server.host,
        onread: readFairly(
          Buffer.alloc(BUFFER_BYTES),
          (chunk) => {
            if (inThisTurn === 0) {
              turns++;
              setImmediate(() => {
                inThisTurn = 0;
              });
            }
            inThisTurn += chunk.length;
            received += chunk.length;
          },
          () => sockets[index] as net.Socket,
        ),
      }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
    assert.equal(received, sockets.length * total);
    const mean = received / turns / BUFFER_BYTES;
    assert.ok(mean <= 10, `${mean} full buffers in one turn`);
  });

  it('does not resume a socket that was paused meanwhile', async () => {
    await using server = await startRawServer((socket) => void socket.write(Buffer.alloc(100_000, 'x')));
    let reads = 0;
    const socket: net.Socket = net.connect({
      port: server.port,
      host: server.host,
      onread: readFairly(
        Buffer.alloc(BUFFER_BYTES),
        () => {
          reads++;
          if (reads === 2) socket.pause();
        },
        () => socket,
      ),
    });
    while (reads < 2) await turnEventLoop(1);
    await turnEventLoop(20);
    assert.equal(reads, 2);
    socket.resume();
    while (reads < 90) await turnEventLoop(1);
    socket.destroy();
  });
});
