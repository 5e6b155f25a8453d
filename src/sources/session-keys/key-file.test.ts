import assert from 'node:assert/strict';
import { chmodSync, lstatSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTempDir } from '../../../test/support/temp-dir.ts';
import { createKeyEntry, makeKeyFile, readKeyFile, replaceKeyFile } from './key-file.ts';

describe('replaceKeyFile', () => {
  it('keeps who may read the file, and leaves nothing beside it', () => {
    using folder = createTempDir();
    const path = join(folder.path, 'keys.json');
    assert.equal(makeKeyFile(path, [createKeyEntry(1)]), true);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const before = readKeyFile(path);
    chmodSync(path, 0o640);
    replaceKeyFile(path, [createKeyEntry(2)]);
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.notEqual(readKeyFile(path), before);
    assert.deepEqual(readdirSync(folder.path), ['keys.json']);
  });

  it('writes what a symbolic link leads to', () => {
    using folder = createTempDir();
    const path = join(folder.path, 'keys.json');
    const link = join(folder.path, 'link.json');
    makeKeyFile(path, [createKeyEntry(1)]);
    symlinkSync('keys.json', link);
    replaceKeyFile(link, [createKeyEntry(2)]);
    assert.equal(lstatSync(link).isSymbolicLink(), true);
    assert.equal(readKeyFile(path), readKeyFile(link));
  });
});
