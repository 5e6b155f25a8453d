import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { writeCopy } from './written-copy.ts';

const ROUNDS = 300;
const SIZES = [5_000, 32_768, 65_536, 100_000];

/** The two ends of a connection on loopback. */
async function connectedPair(stack: DisposableStack): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  stack.defer(() => void server.close());
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  stack.defer(() => client.destroy());
  const [accepted] = (await once(server, 'connection')) as [Socket];
  stack.defer(() => accepted.destroy());
  return [accepted, client];
}

describe('writeCopy', { timeout: 30_000 }, () => {
  it('sends what the buffer held at the call, to those who read late too, and in order', async () => {
    using stack = new DisposableStack();
    const [[writer, reader], [slowWriter, slowReader]] = await Promise.all([
      connectedPair(stack),
      connectedPair(stack),
    ]);
    const shared = Buffer.alloc(Math.max(...SIZES));
    const expected: Buffer[] = [];
    const received: Buffer[] = [];
    reader.on('data', (chunk: Buffer) => received.push(chunk));
    slowReader.pause();
    for (let round = 0; round < ROUNDS; round++) {
      const data = shared.subarray(0, SIZES[round % SIZES.length]);
      data.fill(`${round} `);
      expected.push(Buffer.from(data));
      writeCopy(slowWriter, data);
      if (!writeCopy(writer, data)) {
        shared.fill('x');
        await once(writer, 'drain');
      }
      shared.fill('x');
    }
    const all = Buffer.concat(expected);
    const slow: Buffer[] = [];
    slowReader.on('data', (chunk: Buffer) => slow.push(chunk)).resume();
    for (const socket of [writer, slowWriter]) socket.end();
    await Promise.all([reader, slowReader].map((socket) => once(socket, 'end')));
    assert.ok(Buffer.concat(received).equals(all));
    assert.ok(Buffer.concat(slow).equals(all));
  });

  it('goes on after connections that were cut while they had blocks', async () => {
    using stack = new DisposableStack();
    const full = Buffer.alloc(65_536, 'a');
    for (let i = 0; i < 5; i++) {
      const [writer, reader] = await connectedPair(stack);
      reader.pause();
      writer.on('error', () => {});
      while (writeCopy(writer, full));
      for (let more = 0; more < 10; more++) writeCopy(writer, full);
      writer.destroy();
      await once(writer, 'close');
    }
    const [writer, reader] = await connectedPair(stack);
    for (let i = 0; i < 50; i++) writeCopy(writer, full.fill(String.fromCharCode(97 + (i % 26))));
    writer.end();
    const chunks: Buffer[] = [];
    for await (const chunk of reader) chunks.push(chunk as Buffer);
    const expected = Array.from({ length: 50 }, (_, i) => Buffer.alloc(65_536, String.fromCharCode(97 + (i % 26))));
    assert.ok(Buffer.concat(chunks).equals(Buffer.concat(expected)));
  });
});
