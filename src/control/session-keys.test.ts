import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LogRecorder } from '../../test/support/log-recorder.ts';
import { createTempDir } from '../../test/support/temp-dir.ts';
import { createKeyEntry, makeKeyFile } from '../sources/session-keys/key-file.ts';
import { SessionKeys } from './session-keys.ts';

describe('SessionKeys', () => {
  it('warns of a key file that every user can read, and takes it', () => {
    using dir = createTempDir();
    const path = join(dir.path, 'keys.json');
    makeKeyFile(path, [createKeyEntry(1)]);
    for (const [mode, warnings] of [
      [0o600, 0],
      [0o640, 0],
      [0o644, 1],
    ] as const) {
      chmodSync(path, mode);
      const log = new LogRecorder();
      const texts: string[] = [];
      new SessionKeys({ path, isDefault: false, now: Date.now, log, onKeys: (text) => texts.push(text) }).require(null);
      assert.equal(texts.length, 1);
      assert.equal(log.entries.filter(({ level }) => level === 'warn').length, warnings, mode.toString(8));
    }
  });
});
