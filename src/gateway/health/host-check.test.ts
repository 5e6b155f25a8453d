import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { HealthCheck } from '../../model/cluster.ts';
import { HostCheck } from './host-check.ts';
import type { ProbeResult } from './probe.ts';
import { ProbeSlots } from './probe-slots.ts';

const CHECK: HealthCheck = {
  probe: { kind: 'tcp' },
  timeoutMillis: 1000,
  intervalMillis: 5000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
};

const PASSED: ProbeResult = { kind: 'passed', degraded: false };
const SILENT: ProbeResult = { kind: 'unreachable', detail: 'ECONNREFUSED' };
const REFUSED: ProbeResult = { kind: 'refused', status: 500 };

interface Checked {
  readonly check: HostCheck;
  readonly clock: ManualClock;
  readonly slots: ProbeSlots;
  /** Answers the probe that is under way. */
  readonly answer: (result: ProbeResult) => void;
  /** Lets the next probe begin and answers it; the host's state after that. */
  readonly next: (result: ProbeResult) => boolean;
  readonly started: () => number;
  readonly cancelled: () => number;
}

function checkHost(overrides: Partial<HealthCheck> = {}, healthy = true, slots = new ProbeSlots(10)): Checked {
  const clock = new ManualClock();
  const settings = { ...CHECK, ...overrides };
  let pending: ((result: ProbeResult) => void) | null = null;
  let started = 0;
  let cancelled = 0;
  const environment = {
    clock,
    random: () => 0.5,
    slots,
    runProbe: (_probe: unknown, _target: unknown, _clock: unknown, onResult: (result: ProbeResult) => void) => {
      started++;
      pending = onResult;
      return {
        cancel: () => {
          cancelled++;
          pending = null;
        },
      };
    },
  };
  const check = new HostCheck(settings, { host: 'h', port: 1, authority: 'c' }, healthy, environment, () => {});
  const answer = (result: ProbeResult): void => {
    const onResult = pending;
    pending = null;
    onResult?.(result);
  };
  const next = (result: ProbeResult): boolean => {
    clock.advance(settings.intervalMillis);
    answer(result);
    return check.isHealthy;
  };
  return { check, clock, slots, answer, next, started: () => started, cancelled: () => cancelled };
}

describe('HostCheck', () => {
  it('checks for the first time after a short random wait', () => {
    const { clock, started } = checkHost({ intervalMillis: 1000 });
    clock.advance(49);
    assert.equal(started(), 0);
    clock.advance(1);
    assert.equal(started(), 1);
    const slow = checkHost({ intervalMillis: 60_000 });
    slow.clock.advance(125);
    assert.equal(slow.started(), 1);
  });

  it('decides by the first result at once, whichever it is', () => {
    assert.equal(checkHost({}, false).next(PASSED), true);
    assert.equal(checkHost({}, true).next(SILENT), false);
    assert.equal(checkHost({}, true).next(REFUSED), false);
  });

  it('wants as many silent probes in a row as the threshold says', () => {
    const { next } = checkHost();
    const states = [PASSED, SILENT, SILENT, PASSED, SILENT, SILENT, SILENT].map(next);
    assert.deepEqual(states, [true, true, true, true, true, true, false]);
  });

  it('wants as many passes in a row as the threshold says', () => {
    const { next } = checkHost();
    const states = [SILENT, PASSED, SILENT, PASSED, REFUSED, PASSED, PASSED].map(next);
    assert.deepEqual(states, [false, false, false, false, false, false, true]);
  });

  it('believes a host at once that answers that it is not well', () => {
    const { next } = checkHost();
    assert.equal(next(PASSED), true);
    assert.equal(next(REFUSED), false);
  });

  it('checks again an interval after the last result', () => {
    const { clock, answer, started } = checkHost();
    clock.advance(5000);
    clock.advance(700);
    answer(PASSED);
    clock.advance(4999);
    assert.equal(started(), 1);
    clock.advance(1);
    assert.equal(started(), 2);
  });

  it('knows a host that asks to be used last', () => {
    const { check, next } = checkHost();
    next({ kind: 'passed', degraded: true });
    assert.deepEqual([check.isHealthy, check.isDegraded], [true, true]);
    next(PASSED);
    assert.equal(check.isDegraded, false);
  });

  it('waits for a slot and gives it back', () => {
    const slots = new ProbeSlots(1);
    const first = checkHost({}, true, slots);
    const second = checkHost({}, true, slots);
    first.clock.advance(250);
    second.clock.advance(250);
    assert.deepEqual([first.started(), second.started()], [1, 0]);
    first.answer(PASSED);
    assert.equal(second.started(), 1);
  });

  it('stops when it is closed, wherever it stands', () => {
    const slots = new ProbeSlots(1);
    const waitingForTime = checkHost({}, true, slots);
    const probing = checkHost({}, true, slots);
    const waitingForSlot = checkHost({}, true, slots);
    probing.clock.advance(250);
    waitingForSlot.clock.advance(250);
    waitingForTime.check.close();
    waitingForSlot.check.close();
    probing.check.close();
    assert.equal(probing.cancelled(), 1);
    assert.equal(waitingForSlot.started(), 0);
    const after = checkHost({}, true, slots);
    after.clock.advance(250);
    assert.equal(after.started(), 1, 'the slot is free again');
    assert.equal(waitingForTime.clock.pending + probing.clock.pending + waitingForSlot.clock.pending, 0);
  });
});
