import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSoak } from './soak.ts';

describe('soak, short form', () => {
  it('fails no request but those in a killed worker, and keeps the sessions of pods that stay', {
    skip: process.platform === 'linux' ? false : 'reads /proc, which only Linux has',
  }, async () => {
    const report = await runSoak({
      seconds: 20,
      reloadSeconds: 2,
      flapSeconds: 3,
      killSeconds: 6,
      ratePerSecond: 400,
    });
    assert.deepEqual(report.firstFailures, []);
    assert.equal(report.failed, 0);
    assert.equal(report.sessionsLost, 0);
    assert.ok(report.kills >= 2 && report.reloads >= 7 && report.flaps >= 5, JSON.stringify(report));
    assert.ok(report.requests > 1000, JSON.stringify(report));
  });
});
