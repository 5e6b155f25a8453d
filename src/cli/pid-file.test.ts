import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTempDir } from '../../test/support/temp-dir.ts';
import { PidFile } from './pid-file.ts';

describe('PidFile', () => {
  it('names this process while it lives', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'limpet.pid');
    {
      using _file = new PidFile(path);
      assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
      assert.deepEqual(readdirSync(dir.path), ['limpet.pid']);
    }
    assert.equal(existsSync(path), false);
  });

  it('leaves the file alone that a successor has written', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'limpet.pid');
    {
      using _file = new PidFile(path);
      writeFileSync(path, '1\n');
    }
    assert.equal(readFileSync(path, 'utf8'), '1\n');
  });

  it('says which file can not be written', () => {
    assert.throws(() => new PidFile('/nonexistent/limpet.pid'), /the file \/nonexistent\/limpet\.pid can't be written/);
  });
});
