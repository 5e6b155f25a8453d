import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MoveBudget } from './move-budget.ts';

describe('MoveBudget', () => {
  it('allows so many moves in a minute, and more as the first of them are a minute old', () => {
    let now = 1_000;
    const budget = new MoveBudget({ index: 0, count: 1 }, () => now);
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

  it('takes the share for used up as long as it is told to', () => {
    let now = 1_000;
    const budget = new MoveBudget({ index: 0, count: 1 }, () => now, 60.5);
    now += 60;
    assert.equal(budget.take('p', 1), false);
    now += 1;
    assert.deepEqual([budget.take('p', 1), budget.take('p', 1)], [true, false]);
  });

  it('shares among workers, so that all together never make more', () => {
    const pauses = fc.array(fc.nat(40), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.nat(12), fc.integer({ min: 1, max: 5 }), pauses, (maxPerMinute, count, seconds) => {
        let now = 500;
        const workers = Array.from({ length: count }, (_, index) => new MoveBudget({ index, count }, () => now));
        const moves: number[] = [];
        for (const pause of seconds) {
          now += pause;
          for (const worker of workers) while (worker.take('p', maxPerMinute)) moves.push(now);
          assert.ok(moves.filter((at) => at > now - 60).length <= maxPerMinute);
        }
        // At the first look there is the whole minute's budget.
        assert.equal(moves.filter((at) => at === moves[0]).length, moves.length === 0 ? 0 : maxPerMinute);
      }),
    );
  });
});
