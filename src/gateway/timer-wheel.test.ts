import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { turnEventLoop } from '../../test/support/event-loop.ts';
import { TimerEntry, TimerWheel } from './timer-wheel.ts';

class Entry extends TimerEntry {
  readonly fired: number[] = [];
  react: (() => void) | null = null;

  override onTimer(): void {
    this.fired.push(performance.now());
    this.react?.();
  }
}

describe('TimerWheel', () => {
  let now = 0;
  beforeEach(() => {
    now = 0;
    mock.timers.enable({ apis: ['setInterval'] });
    mock.method(performance, 'now', () => now);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  function pass(millis: number): void {
    for (let step = 0; step < millis; step += 10) {
      now += 10;
      mock.timers.tick(10);
    }
  }

  it('fires once, never early and at most a tick and its own delay late', () => {
    const wheel = new TimerWheel(50);
    const entry = new Entry();
    for (const delay of [0, 1, 49, 50, 51, 1000, 60_000]) {
      entry.fired.length = 0;
      const start = now;
      wheel.arm(entry, delay);
      pass(delay + 110);
      assert.equal(entry.fired.length, 1, `a delay of ${delay}`);
      const took = (entry.fired[0] ?? 0) - start;
      assert.ok(took >= delay && took <= delay + 100, `${delay} took ${took}`);
    }
  });

  it('does not fire what was cancelled, and starts anew what is armed again', () => {
    const wheel = new TimerWheel(50);
    const cancelled = new Entry();
    const extended = new Entry();
    wheel.arm(cancelled, 200);
    wheel.arm(extended, 200);
    pass(150);
    wheel.cancel(cancelled);
    wheel.cancel(cancelled);
    wheel.arm(extended, 200);
    pass(150);
    assert.equal(extended.fired.length, 0);
    pass(200);
    assert.equal(cancelled.fired.length, 0);
    assert.equal(extended.fired.length, 1);
  });

  it('copes with entries that arm and cancel others of their own slot while firing', () => {
    const wheel = new TimerWheel(50);
    const entries = [new Entry(), new Entry(), new Entry()] as const;
    for (const entry of entries) wheel.arm(entry, 100);
    for (const entry of entries) {
      entry.react = () => {
        for (const other of entries) if (other !== entry) wheel.cancel(other);
        if (entry.fired.length === 1) wheel.arm(entry, 100);
      };
    }
    pass(1000);
    assert.deepEqual(entries.map((entry) => entry.fired.length).sort(), [0, 0, 2]);
  });

  it('lets others have their turn when very many end together', async () => {
    const wheel = new TimerWheel(50);
    const entries = Array.from({ length: 1_000 }, () => new Entry());
    for (const entry of entries) wheel.arm(entry, 100);
    const last = entries.at(-1) as Entry;
    const fired = (): number => entries.filter((entry) => entry.fired.length > 0).length;
    pass(200);
    let most = fired();
    const cancelled = entries.filter((entry) => entry.isArmed).slice(-2);
    for (const entry of cancelled) wheel.cancel(entry);
    for (let before = 0; fired() < 998; before = fired()) {
      most = Math.max(most, fired() - before);
      await turnEventLoop(1);
    }
    assert.ok(most < 100, `${most} at once`);
    assert.equal(entries.filter((entry) => entry.fired.length !== 1).length, 2);
    assert.equal(last.isArmed, false);
  });

  it('catches up after the event loop was busy', () => {
    const wheel = new TimerWheel(50);
    const entry = new Entry();
    wheel.arm(entry, 100);
    now += 5000;
    mock.timers.tick(50);
    assert.equal(entry.fired.length, 1);
  });

  it('does not fire early what is armed before it has caught up', () => {
    const wheel = new TimerWheel(50);
    wheel.arm(new Entry(), 60_000);
    now += 5000;
    const entry = new Entry();
    wheel.arm(entry, 500);
    pass(490);
    assert.equal(entry.fired.length, 0);
    pass(110);
    assert.equal(entry.fired.length, 1);
  });

  it('holds no interval when nothing is armed', () => {
    const wheel = new TimerWheel(50);
    const entry = new Entry();
    const clear = mock.method(globalThis, 'clearInterval');
    wheel.arm(entry, 10);
    pass(200);
    assert.equal(clear.mock.callCount(), 1);
  });
});
