import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MoveBudget } from './move-budget.ts';

describe('MoveBudget', () => {
  it('allows so many moves in a minute, and more as the first of them are a minute old', () => {
    let now = 1_000;
    const budget = new MoveBudget(() => now);
    assert.deepEqual(
      [1, 2, 3].map(() => budget.take('p', 2)),
      [true, true, false],
    );
    assert.equal(budget.take('q', 1), true);
    now += 59;
    assert.equal(budget.take('p', 2), false);
    now += 1;
    assert.deepEqual(
      [1, 2, 3].map(() => budget.take('p', 2)),
      [true, true, false],
    );
  });

  it('never allows more within a minute, and all of it at the first look', () => {
    const pauses = fc.array(fc.nat(40), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.nat(12), pauses, (maxPerMinute, seconds) => {
        let now = 500;
        const budget = new MoveBudget(() => now);
        const moves: number[] = [];
        for (const pause of seconds) {
          now += pause;
          assert.equal(budget.left('p', maxPerMinute), maxPerMinute - moves.filter((at) => at > now - 60).length);
          while (budget.take('p', maxPerMinute)) moves.push(now);
          assert.equal(moves.filter((at) => at > now - 60).length, maxPerMinute);
        }
      }),
    );
  });
});
