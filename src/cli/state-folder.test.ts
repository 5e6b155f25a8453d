import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stateFolder } from './state-folder.ts';

describe('stateFolder', () => {
  it('is what LIMPET_STATE_DIR says, else in the XDG state folder', () => {
    assert.equal(stateFolder({ LIMPET_STATE_DIR: '/a', XDG_STATE_HOME: '/b' }), '/a');
    assert.equal(stateFolder({ XDG_STATE_HOME: '/b' }), '/b/limpet');
    const standard = join(homedir(), '.local', 'state', 'limpet');
    assert.deepEqual(
      [stateFolder({}), stateFolder({ LIMPET_STATE_DIR: '', XDG_STATE_HOME: 'relative' })],
      [standard, standard],
    );
  });
});
