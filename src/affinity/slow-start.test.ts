import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointAt, hostState } from '../../test/support/affinity.ts';
import { Host, type HostState } from './host.ts';
import { SlowStartRamp } from './slow-start.ts';

function hostSince(healthySinceMillis: number, overrides: Partial<HostState> = {}): Host<HostState> {
  return new Host(endpointAt('10.0.0.1:80'), hostState({ healthySinceMillis, ...overrides }), 0, 0);
}

function rampAt(nowMillis: number, aggression = 1, minWeightPercent = 10): SlowStartRamp {
  return new SlowStartRamp({ windowMillis: 60_000, aggression, minWeightPercent }, () => nowMillis);
}

describe('SlowStartRamp', () => {
  it('grows with the time since the host was new, never below the least share', () => {
    const host = hostSince(1000);
    const shares = [1000, 4000, 16_000, 31_000, 60_999, 61_000].map((now) => rampAt(now).factor(host));
    assert.deepEqual(shares, [0.1, 0.1, 0.25, 0.5, 59_999 / 60_000, 1]);
  });

  it('bends the curve by the aggression', () => {
    assert.equal(rampAt(15_000, 2).factor(hostSince(0)), 0.5);
    assert.equal(rampAt(30_000, 0.5).factor(hostSince(0)), 0.25);
  });

  it('takes an aggression that is no positive number for 1', () => {
    assert.equal(rampAt(30_000, 0).factor(hostSince(0)), 0.5);
    assert.equal(rampAt(30_000, Number.NaN).factor(hostSince(0)), 0.5);
  });

  it('counts the first millisecond as over, so that a share is never 0', () => {
    assert.equal(rampAt(0, 1, 0).factor(hostSince(0)), 1 / 60_000);
  });

  it('is for healthy hosts: others have their full weight', () => {
    assert.equal(rampAt(0).factor(hostSince(0, { degradedActiveCheck: true })), 1);
    assert.equal(rampAt(0).isUnderWay([hostSince(0, { ejected: true })]), false);
  });

  it('is under way while one host is new', () => {
    assert.equal(rampAt(70_000).isUnderWay([hostSince(0), hostSince(20_000)]), true);
    assert.equal(rampAt(90_000).isUnderWay([hostSince(0), hostSince(20_000)]), false);
  });
});
