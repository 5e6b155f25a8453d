import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { OutlierDetection } from '../../model/cluster.ts';
import { OutlierDetector, type OutlierHost } from './outlier-detector.ts';

/** Envoy's defaults, but for the share that may be out. */
const SETTINGS: OutlierDetection = {
  consecutive5xx: 5,
  consecutiveGatewayErrors: 5,
  consecutiveLocalFailures: 5,
  splitLocalOrigin: false,
  enforcing5xxPercent: 100,
  enforcingGatewayErrorsPercent: 0,
  enforcingLocalFailuresPercent: 100,
  intervalMillis: 10_000,
  baseEjectionMillis: 30_000,
  maxEjectionMillis: 300_000,
  maxEjectionPercent: 100,
};

interface Watched {
  readonly clock: ManualClock;
  readonly detector: OutlierDetector<OutlierHost>;
  readonly hosts: readonly OutlierHost[];
  /** What happened: `a out consecutive_5xx 30000`, `a in`. */
  readonly events: string[];
}

function watch(count: number, overrides: Partial<OutlierDetection> = {}, random: () => number = () => 0.5): Watched {
  const clock = new ManualClock();
  const events: string[] = [];
  const hosts = Array.from({ length: count }, (_, index): OutlierHost => {
    return { address: String.fromCharCode(97 + index), ejected: false, outlier: null };
  });
  const settings = { ...SETTINGS, ...overrides };
  const detector = new OutlierDetector<OutlierHost>(settings, {
    clock,
    random,
    events: {
      onEjected: (host, reason, durationMillis) => events.push(`${host.address} out ${reason} ${durationMillis}`),
      onReturned: (host) => events.push(`${host.address} in`),
    },
  });
  detector.update(settings, new Set(hosts));
  return { clock, detector, hosts, events };
}

function answer(host: OutlierHost | undefined, ...statuses: readonly number[]): void {
  for (const status of statuses) host?.outlier?.onStatus(status);
}

const FIVE = [500, 500, 500, 500, 500];

describe('OutlierDetector', () => {
  it('ejects a host at the limit of consecutive 5xx and not before', () => {
    const { hosts, events, detector } = watch(2);
    answer(hosts[0], 500, 501, 599, 500);
    assert.deepEqual(events, []);
    answer(hosts[0], 503);
    assert.deepEqual(events, ['a out consecutive_5xx 30000']);
    assert.equal(hosts[0]?.ejected, true);
    assert.equal(detector.ejected, 1);
  });

  it('begins to count again after any other answer', () => {
    const { hosts, events } = watch(2);
    for (const other of [200, 302, 404, 499, 600]) answer(hosts[0], 500, 500, 500, 500, other);
    assert.deepEqual(events, []);
  });

  it('counts 502, 503 and 504 as gateway errors, which another 5xx interrupts', () => {
    const { hosts, events } = watch(2, { enforcingGatewayErrorsPercent: 100, consecutive5xx: 0 });
    answer(hosts[0], 502, 503, 504, 502, 500, 502, 503, 504, 502);
    assert.deepEqual(events, []);
    answer(hosts[0], 503);
    assert.deepEqual(events, ['a out consecutive_gateway_failure 30000']);
  });

  it('counts failures on the way as the status that the client would get', () => {
    const { hosts, events } = watch(2, { enforcing5xxPercent: 0, enforcingGatewayErrorsPercent: 100 });
    const monitor = hosts[0]?.outlier;
    monitor?.onLocalFailure();
    monitor?.onTimeout();
    answer(hosts[0], 503);
    monitor?.onConnected();
    monitor?.onLocalFailure();
    monitor?.onTimeout();
    assert.deepEqual(events, ['a out consecutive_gateway_failure 30000']);
  });

  it('counts failures on the way apart where they are split, and a connection ends the row', () => {
    const { hosts, events } = watch(2, { splitLocalOrigin: true });
    const monitor = hosts[0]?.outlier;
    answer(hosts[0], 500, 500, 500, 500);
    for (let i = 0; i < 4; i++) monitor?.onLocalFailure();
    monitor?.onConnected();
    for (let i = 0; i < 4; i++) monitor?.onTimeout();
    assert.deepEqual(events, []);
    monitor?.onLocalFailure();
    assert.deepEqual(events, ['a out consecutive_local_origin_failure 30000']);
  });

  it('never meets a limit of 0', () => {
    const { hosts, events } = watch(2, { consecutive5xx: 0, consecutiveGatewayErrors: 0 });
    answer(hosts[0], ...FIVE, ...FIVE, 502, 502, 502, 502, 502);
    assert.deepEqual(events, []);
  });

  it('ejects by chance where the enforcing percentage is below 100, and begins a new row where it does not', () => {
    const draws = [0.3, 0.29];
    const { hosts, events, detector } = watch(2, { enforcing5xxPercent: 30 }, () => draws.shift() ?? 1);
    answer(hosts[0], ...FIVE);
    assert.deepEqual(events, []);
    answer(hosts[0], ...FIVE);
    assert.equal(events.length, 1);
    assert.deepEqual(detector.counts.consecutive_5xx, { enforced: 1, spared: 1, overflowed: 0 });
  });

  it('ejects at most the given percentage: of four hosts none at 10 %, of twenty two', () => {
    const four = watch(4, { maxEjectionPercent: 10 });
    for (const host of four.hosts) answer(host, ...FIVE);
    assert.equal(four.detector.ejected, 0);
    assert.equal(four.detector.counts.consecutive_5xx.overflowed, 4);
    const twenty = watch(20, { maxEjectionPercent: 10 });
    for (const host of twenty.hosts) answer(host, ...FIVE);
    assert.equal(twenty.detector.ejected, 2);
    assert.equal(twenty.detector.counts.consecutive_5xx.overflowed, 18);
  });

  it('may eject every host at 100 %', () => {
    const { hosts, detector } = watch(3);
    for (const host of hosts) answer(host, ...FIVE);
    assert.equal(detector.ejected, 3);
  });

  it('lets a host back at the first sweep after its time', () => {
    const { hosts, events, clock } = watch(2, { baseEjectionMillis: 25_000 });
    answer(hosts[0], ...FIVE);
    clock.advance(29_999);
    assert.equal(hosts[0]?.ejected, true);
    clock.advance(1);
    assert.equal(hosts[0]?.ejected, false);
    assert.deepEqual(events, ['a out consecutive_5xx 25000', 'a in']);
  });

  it('ejects for longer each time, up to the longest time', () => {
    const { hosts, events, clock } = watch(2, { maxEjectionMillis: 80_000 });
    for (let i = 0; i < 4; i++) {
      answer(hosts[0], ...FIVE);
      while (hosts[0]?.ejected === true) clock.advance(10_000);
    }
    const outs = events.filter((event) => event.includes('out'));
    assert.deepEqual(
      outs.map((event) => Number(event.split(' ')[3])),
      [30_000, 60_000, 80_000, 80_000],
    );
  });

  it('forgets one ejection for each interval in which the host stays in', () => {
    const { hosts, events, clock } = watch(2);
    for (let i = 0; i < 3; i++) {
      answer(hosts[0], ...FIVE);
      while (hosts[0]?.ejected === true) clock.advance(10_000);
    }
    clock.advance(20_000);
    answer(hosts[0], ...FIVE);
    assert.match(events.at(-1) ?? '', /out consecutive_5xx 60000/);
  });

  it('runs no timer while there is nothing to forget', () => {
    const { hosts, clock } = watch(2);
    assert.equal(clock.pending, 0);
    answer(hosts[0], ...FIVE);
    assert.equal(clock.pending, 1);
    clock.advance(30_000);
    assert.equal(hosts[0]?.ejected, false);
    clock.advance(10_000);
    assert.equal(clock.pending, 0);
  });

  it('starts the counters anew when a host comes back', () => {
    const { hosts, events, clock } = watch(2, { enforcingGatewayErrorsPercent: 100, consecutiveGatewayErrors: 6 });
    answer(hosts[0], 503, 503, 503, 503, 503);
    clock.advance(30_000);
    answer(hosts[0], 503, 503, 503, 503);
    assert.deepEqual(events, ['a out consecutive_5xx 30000', 'a in']);
  });

  it('does not eject a host that is out already, whatever it answers', () => {
    const { hosts, events, detector } = watch(2);
    answer(hosts[0], ...FIVE, ...FIVE, ...FIVE);
    assert.equal(events.length, 1);
    assert.equal(detector.ejected, 1);
  });

  it('lets a host back when it passes an active check', () => {
    const { hosts, events, detector } = watch(2);
    answer(hosts[0], ...FIVE);
    detector.readmit(hosts[0] as OutlierHost);
    detector.readmit(hosts[1] as OutlierHost);
    assert.deepEqual(events, ['a out consecutive_5xx 30000', 'a in']);
  });

  it('keeps ejections and history over an update, and forgets hosts that are gone', () => {
    const { hosts, events, detector, clock } = watch(3, { maxEjectionPercent: 50 });
    answer(hosts[0], ...FIVE);
    const [a, b, c] = hosts as [OutlierHost, OutlierHost, OutlierHost];
    detector.update({ ...SETTINGS, maxEjectionPercent: 50 }, new Set([a, b]));
    assert.equal(a.ejected, true);
    assert.equal(c.outlier, null);
    answer(b, ...FIVE);
    assert.equal(b.ejected, false, 'one of two hosts is out: that is all that 50 % allows');
    detector.update({ ...SETTINGS, maxEjectionPercent: 50 }, new Set([b, c]));
    assert.equal(a.ejected, false);
    assert.equal(detector.ejected, 0);
    answer(b, ...FIVE);
    assert.equal(b.ejected, true);
    clock.advance(60_000);
    assert.deepEqual(events, ['a out consecutive_5xx 30000', 'b out consecutive_5xx 30000', 'b in']);
  });

  it('takes new limits from the next answer on', () => {
    const { hosts, events, detector } = watch(2);
    answer(hosts[0], 500);
    detector.update({ ...SETTINGS, consecutive5xx: 2 }, new Set(hosts));
    answer(hosts[0], 500);
    assert.equal(events.length, 1);
  });

  it('lets everybody back when it is closed, and leaves no timer', () => {
    const { hosts, events, detector, clock } = watch(2);
    answer(hosts[0], ...FIVE);
    detector.close();
    assert.deepEqual(events.at(-1), 'a in');
    assert.equal(hosts[0]?.outlier, null);
    assert.equal(clock.pending, 0);
  });
});
