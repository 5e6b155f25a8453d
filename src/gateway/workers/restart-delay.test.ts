import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RestartDelay } from './restart-delay.ts';

describe('RestartDelay', () => {
  it('lets a successor start at once, also after a first early end', () => {
    const delay = new RestartDelay();
    assert.deepEqual([delay.next(3_600_000), delay.next(1)], [0, 0]);
  });

  it('waits longer and longer while workers die within seconds, and never longer than ten', () => {
    const delay = new RestartDelay();
    const delays = Array.from({ length: 12 }, () => delay.next(200));
    assert.deepEqual(delays, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000]);
  });

  it('begins anew after a worker that lived', () => {
    const delay = new RestartDelay();
    for (let i = 0; i < 5; i++) delay.next(0);
    assert.deepEqual([delay.next(5_000), delay.next(0), delay.next(0)], [0, 0, 100]);
  });
});
