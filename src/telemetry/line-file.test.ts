import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTempDir } from '../../test/support/temp-dir.ts';
import { LineFile } from './line-file.ts';

describe('LineFile', () => {
  it('writes every line whole and in order, also those longer than a block', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'logs', 'access.log');
    const file = new LineFile(path);
    const lines: string[] = [];
    for (let i = 0; i < 20_000; i++) lines.push(`line ${i} ${'x'.repeat(i % 97)}\n`);
    lines.splice(10_000, 0, `${'y'.repeat(400_000)}\n`);
    for (const line of lines) file.write(line);
    await file.close();
    assert.equal(readFileSync(path, 'latin1'), lines.join(''));
    assert.equal(file.dropped, 0);
  });

  it('goes on in a new file after a rotation, and loses no line', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'access.log');
    const file = new LineFile(path);
    file.write('before\n');
    renameSync(path, `${path}.1`);
    file.write('between\n');
    file.reopen();
    file.write('after\n');
    await file.close();
    assert.equal(readFileSync(`${path}.1`, 'latin1') + readFileSync(path, 'latin1'), 'before\nbetween\nafter\n');
    assert.equal(readFileSync(path, 'latin1'), 'after\n');
  });

  it('appends to what is there', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'access.log');
    for (const line of ['one\n', 'two\n']) {
      const file = new LineFile(path);
      file.write(line);
      await file.close();
    }
    assert.equal(readFileSync(path, 'latin1'), 'one\ntwo\n');
  });

  it('counts the lines that a full disk refuses, and goes on', { skip: noFullDevice() }, async () => {
    const file = new LineFile('/dev/full');
    file.write('one\n');
    file.write('two\n');
    await file.close();
    assert.equal(file.dropped, 2);
  });

  it('says why a file can not be opened', async () => {
    await using dir = await createTempDir();
    assert.throws(() => new LineFile(dir.path), /directory/i);
  });
});

function noFullDevice(): string | false {
  return process.platform === 'linux' ? false : 'only Linux has /dev/full';
}
