// Symptom: `limpet run --admin off` bound the admin API to a free port of all addresses.
// Cause: the option's parser gave null, which commander takes for an option without a value and turns into an empty
// text; a server of no host and no port listens everywhere.
// Fix: the parser gives `off` as a word of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startLimpet } from '../support/child-process.ts';
import { createTempDir } from '../support/temp-dir.ts';

describe('limpet run --admin off', { timeout: 30_000 }, () => {
  it('listens nowhere for the admin API', async () => {
    using folder = createTempDir();
    folder.write('empty.yaml', '');
    await using process = await startLimpet(['run', '-f', folder.path, '--admin', 'off', '--access-log', 'off']);
    const [, admin] = await process.waitForLine(/^not ready: .*; admin (.*); \d+ ms$/);
    assert.equal(admin, 'off');
  });
});
