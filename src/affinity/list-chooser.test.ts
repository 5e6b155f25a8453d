import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointAt, hostState, repeatableRandom } from '../../test/support/affinity.ts';
import type { BalancerClock, PickTrace } from './chooser.ts';
import { Hash64 } from './hash64.ts';
import { Host, type HostState } from './host.ts';
import { createListChooser, type ListBalancer, LocalityChooser } from './list-chooser.ts';

const ROUND_ROBIN: ListBalancer = { kind: 'roundRobin', slowStart: null };
const LEAST_REQUEST: ListBalancer = { kind: 'leastRequest', choiceCount: 2, slowStart: null };

const hash = new Hash64();
const trace: PickTrace = { candidates: 0, spilled: false };

function hostsOf(...weights: readonly number[]): Host<HostState>[] {
  return weights.map((weight, i) => new Host(endpointAt(`10.0.0.${i + 1}:80`, { weight }), hostState(), 0, i));
}

function clockAt(millis: number): BalancerClock {
  return { random: repeatableRandom(), nowMillis: () => millis };
}

function picksOf(balancer: ListBalancer, hosts: readonly Host<HostState>[], count: number): number[] {
  const chooser = createListChooser(balancer, hosts, clockAt(0));
  return Array.from({ length: count }, () => chooser.choose(hash, 0, trace)?.index ?? -1);
}

function countsOf(picks: readonly number[]): number[] {
  const counts: number[] = [];
  for (const pick of picks) counts[pick] = (counts[pick] ?? 0) + 1;
  return counts;
}

describe('createListChooser', () => {
  it('goes round equal hosts in their order, from any of them', () => {
    const picks = picksOf(ROUND_ROBIN, hostsOf(1, 1, 1), 9);
    assert.deepEqual(countsOf(picks), [3, 3, 3]);
    assert.ok(picks.every((pick, index) => index === 0 || pick === (picks[index - 1]! + 1) % 3));
  });

  it('goes round weighted hosts in proportion, evenly spread', () => {
    const picks = picksOf(ROUND_ROBIN, hostsOf(1, 2, 5), 800);
    assert.deepEqual(countsOf(picks), [100, 200, 500]);
    for (let start = 0; start + 8 <= 800; start += 8) {
      assert.ok(Math.abs(picks.slice(start, start + 8).filter((pick) => pick === 2).length - 5) <= 1);
    }
  });

  it('prefers the host with fewer requests of those it draws', () => {
    const hosts = hostsOf(1, 1, 1, 1);
    hosts[0]!.state.activeRequests = 50;
    const counts = countsOf(picksOf({ ...LEAST_REQUEST, choiceCount: 4 }, hosts, 2000));
    assert.ok(counts[0]! < 50, `the busy host got ${counts[0]} of 2000`);
    assert.ok(counts[1]! > 500);
  });

  it('lowers a weight by the requests in flight', () => {
    const hosts = hostsOf(1, 3);
    hosts[1]!.state.activeRequests = 2;
    const counts = countsOf(picksOf(LEAST_REQUEST, hosts, 1000));
    assert.ok(Math.abs(counts[0]! - counts[1]!) <= 2);
  });

  it('draws all hosts at random alike', () => {
    const counts = countsOf(picksOf({ kind: 'random' }, hostsOf(1, 1, 1, 1), 4000));
    assert.ok(counts.length === 4 && counts.every((count) => count > 800));
  });

  it('gives new hosts the share of their weight that slow start allows, and all of it after the window', () => {
    const slowStart = { windowMillis: 1000, aggression: 1, minWeightPercent: 10 };
    const fresh = new Host(endpointAt('10.0.0.9:80'), hostState({ healthySinceMillis: 0 }), 0, 1);
    const sharesAt = (millis: number, kind: 'roundRobin' | 'leastRequest'): number[] => {
      const balancer: ListBalancer = kind === 'roundRobin' ? { kind, slowStart } : { kind, choiceCount: 2, slowStart };
      const chooser = createListChooser(balancer, [...hostsOf(1), fresh], clockAt(millis));
      return countsOf(Array.from({ length: 1100 }, () => chooser.choose(hash, 0, trace)?.index ?? -1));
    };
    for (const kind of ['roundRobin', 'leastRequest'] as const) {
      const [old = 0, young = 0] = sharesAt(1, kind);
      assert.ok(Math.abs(old / young - 10) < 0.2, `${kind}: ${old} to ${young} at the start`);
      const [halfOld = 0, halfYoung = 0] = sharesAt(500, kind);
      assert.ok(Math.abs(halfOld / halfYoung - 2) < 0.05, `${kind}: ${halfOld} to ${halfYoung} half way`);
    }
    assert.deepEqual(sharesAt(1000, 'roundRobin'), [550, 550]);
  });

  it('finds nobody without hosts', () => {
    for (const balancer of [ROUND_ROBIN, LEAST_REQUEST, { kind: 'random' } as const]) {
      assert.deepEqual(picksOf(balancer, [], 2), [-1, -1]);
    }
  });
});

describe('LocalityChooser', () => {
  it('goes to localities by weight, then round their hosts', () => {
    const [a, b, c] = hostsOf(1, 1, 1);
    const choosers = [[a!], [b!, c!]].map((hosts) => createListChooser(ROUND_ROBIN, hosts, clockAt(0)));
    const chooser = new LocalityChooser(choosers, [1, 3], repeatableRandom());
    const picks = Array.from({ length: 400 }, () => chooser.choose(hash, 0, trace)?.index ?? -1);
    assert.deepEqual(countsOf(picks), [100, 150, 150]);
  });
});
