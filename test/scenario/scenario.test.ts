import assert from 'node:assert/strict';
import process from 'node:process';
import { before, describe, it } from 'node:test';
import { findBroken, findUnsound } from './scenario-report.ts';
import { runScenario, type ScenarioResult } from './scenario-run.ts';
import { ISTIO_LABEL, RING_HASH, sessionPolicy } from './systems.ts';

const skip = process.platform === 'linux' ? false : 'only Linux has all of 127.0.0.0/8 for the pods';
const silent = { onProgress: (): void => {} };

describe('scenario, the short form', { timeout: 110_000, skip }, () => {
  let strong: ScenarioResult;
  let ring: ScenarioResult;
  let address: ScenarioResult;
  before(async () => {
    [strong, ring, address] = await Promise.all([
      runScenario(sessionPolicy(3_000, 5_000), { clients: 320, ...silent }),
      runScenario(RING_HASH, { clients: 120, ...silent }),
      runScenario({ ...ISTIO_LABEL, drainDeadlineMillis: 2_500 }, { clients: 120, ...silent }),
    ]);
  });

  it('keeps every session of a SessionPolicy on a pod that stays or drains, and spreads them', () => {
    assert.deepEqual(findBroken(strong), []);
    const { moved, lost, drains } = strong.tally;
    assert.ok(moved.idle > 0 && moved.released > 0, 'there was something to move');
    assert.ok(lost.removed > 0 && lost.overdue > 0, 'there was something to lose');
    assert.equal(drains.length, 9);
  });

  it('sees what ring hash loses', () => {
    assert.deepEqual(findUnsound(ring), []);
    assert.ok(ring.tally.lost.healthy > 50 && ring.tally.lost.draining > 0);
  });

  it('sees that address tokens do not spread, and can be forged', () => {
    const { tally } = address;
    assert.deepEqual(findUnsound(address), []);
    assert.equal(tally.lost.healthy, 0);
    const after = tally.spreads.find(({ at }) => at === 'scale-up');
    assert.ok(after !== undefined && after.most / after.mean > 3);
    // Pods may leave between the choice of one and the request.
    assert.ok(tally.forged.naming > 5 && tally.forged.followed > tally.forged.naming * 0.8);
    assert.ok(tally.toReusedAddress > 0);
  });
});
