import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { createTempDir } from '../../test/support/temp-dir.ts';
import { LineFile } from './line-file.ts';
import { LineRelay } from './line-relay.ts';

describe('LineRelay', () => {
  it('lets whole lines pass, wherever the pieces of several streams end', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'log');
    const file = new LineFile(path);
    const relay = new LineRelay(file);
    const streams = [new PassThrough(), new PassThrough()];
    const texts = streams.map((_, index) => Array.from({ length: 50 }, (_, line) => `${index} ${'x'.repeat(line)}\n`));
    for (const stream of streams) relay.join(stream);
    for (let at = 0; at < 4_000; at += 7) {
      for (const [index, stream] of streams.entries()) {
        const piece = texts[index]?.join('').slice(at, at + 7) ?? '';
        if (piece !== '') stream.write(piece);
      }
    }
    const ended = streams.map((stream) => once(stream, 'end'));
    for (const stream of streams) stream.end();
    await Promise.all(ended);
    await file.close();
    const lines = readFileSync(path, 'latin1').trimEnd().split('\n');
    for (const [index, expected] of texts.entries()) {
      assert.deepEqual(
        lines.filter((line) => line.startsWith(`${index} `)),
        expected.map((line) => line.slice(0, -1)),
      );
    }
    assert.equal(lines.length, 100);
  });

  it('drops the part of a line that a stream ends with', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'log');
    const file = new LineFile(path);
    const relay = new LineRelay(file);
    const killed = new PassThrough();
    relay.join(killed);
    const ended = once(killed, 'end');
    killed.end('whole\nhal');
    await ended;
    await file.close();
    assert.equal(readFileSync(path, 'latin1'), 'whole\n');
  });
});
