import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { choosePriority, computePriorityLoad, type PriorityHealth } from './priority-load.ts';

const DEFAULTS = { overprovisioningPercent: 140, panicThresholdPercent: 50 };

/** Health by number of hosts, as it is without weighted priority health. */
function hosts(healthy: number, degraded: number, total: number): PriorityHealth {
  return { healthy, degraded, total, healthyHosts: healthy, degradedHosts: degraded, totalHosts: total };
}

describe('computePriorityLoad', () => {
  it('gives all to the first priority while overprovisioning makes up for what fails', () => {
    const load = computePriorityLoad([hosts(8, 0, 10), hosts(3, 0, 3)], DEFAULTS);
    assert.deepEqual(load, { healthy: [100, 0], degraded: [0, 0], panic: [false, false] });
  });

  it('spills the rest to the next priority', () => {
    assert.deepEqual(computePriorityLoad([hosts(2, 0, 4), hosts(3, 0, 3)], DEFAULTS).healthy, [70, 30]);
    assert.deepEqual(computePriorityLoad([hosts(1, 0, 8), hosts(3, 0, 3)], DEFAULTS).healthy, [17, 83]);
  });

  it('uses degraded hosts after healthy ones', () => {
    const load = computePriorityLoad([hosts(0, 3, 5), hosts(3, 1, 4)], DEFAULTS);
    assert.deepEqual(
      [load.healthy, load.degraded],
      [
        [0, 100],
        [0, 0],
      ],
    );
    const short = computePriorityLoad([hosts(1, 2, 4)], DEFAULTS);
    assert.deepEqual([short.healthy, short.degraded], [[35], [65]]);
  });

  it('gives what rounding leaves to the first priority that has health', () => {
    const third = hosts(1, 0, 9);
    const load = computePriorityLoad([hosts(0, 0, 3), third, third, third], { ...DEFAULTS, panicThresholdPercent: 0 });
    assert.deepEqual(load.healthy, [0, 34, 33, 33]);
  });

  it('panics below the threshold and not at it', () => {
    assert.deepEqual(computePriorityLoad([hosts(2, 0, 4)], DEFAULTS).panic, [false]);
    assert.deepEqual(computePriorityLoad([hosts(2, 0, 5)], DEFAULTS).panic, [true]);
    assert.deepEqual(computePriorityLoad([hosts(0, 0, 3), hosts(5, 0, 5)], DEFAULTS).panic, [false, false]);
  });

  it('cuts the threshold to a whole number as Envoy does', () => {
    const inPanic = (panicThresholdPercent: number) =>
      computePriorityLoad([hosts(2, 0, 7)], { ...DEFAULTS, panicThresholdPercent }).panic[0];
    assert.deepEqual([28.9, 29, 30].map(inPanic), [false, false, true]);
  });

  it('shares by the number of hosts when all priorities panic', () => {
    const load = computePriorityLoad([hosts(0, 0, 3), hosts(0, 0, 5)], DEFAULTS);
    assert.deepEqual(
      [load.healthy, load.panic],
      [
        [38, 62],
        [true, true],
      ],
    );
  });

  it('sends all to a first priority without hosts when nothing is left and panic is off', () => {
    const load = computePriorityLoad([hosts(0, 0, 3), hosts(0, 0, 3)], { ...DEFAULTS, panicThresholdPercent: 0 });
    assert.deepEqual(
      [load.healthy, load.panic],
      [
        [100, 0],
        [false, false],
      ],
    );
  });

  it('always gives out exactly 100 percent', () => {
    const priority = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)).map(([a, b, c]) => hosts(a, b, a + b + c));
    const options = fc.record({
      overprovisioningPercent: fc.integer({ min: 100, max: 300 }),
      panicThresholdPercent: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(priority, { minLength: 1, maxLength: 5 }), options, (priorities, settings) => {
        const load = computePriorityLoad(priorities, settings);
        assert.equal(
          [...load.healthy, ...load.degraded].reduce((sum, share) => sum + share),
          100,
        );
      }),
    );
  });
});

describe('choosePriority', () => {
  const load = { healthy: [20, 30], degraded: [0, 50], panic: [false, false] };

  it('goes through healthy loads, then degraded ones', () => {
    assert.deepEqual(
      [0, 19, 20, 49, 50, 99].map((percentile) => choosePriority(load, percentile)),
      [0, 0, 1, 1, -2, -2],
    );
  });
});
