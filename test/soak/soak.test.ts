import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_SOCKET_TABLE } from '../support/connections.ts';
import { findBroken } from './soak-report.ts';
import { runSoak } from './soak-run.ts';

describe('soak, the short form', { timeout: 150_000, skip: NO_SOCKET_TABLE }, () => {
  it('fails no request outside a killed worker, and keeps every session of a pod that stays', async () => {
    const result = await runSoak({
      durationMillis: 60_000,
      capacityMillis: 1_000,
      editEveryMillis: 2_500,
      flapEveryMillis: 1_500,
      killEveryMillis: 10_000,
      workers: 3,
      clients: 40,
      load: 0.5,
      onProgress: () => {},
    });
    assert.deepEqual(findBroken(result), []);
    assert.ok(result.kills.length >= 4 && result.revisions >= 5, 'there was something to withstand');
    assert.ok(result.counts.sessions.size === 5, 'every pod had sessions, the one that comes and goes too');
    assert.ok(result.counts.succeeded > 1_000);
  });
});
