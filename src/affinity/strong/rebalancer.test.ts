import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { endpointAt, hostState } from '../../../test/support/affinity.ts';
import type { Rebalance } from '../../model/strong-session.ts';
import { Host } from '../host.ts';
import { shouldMove, withoutRoom } from './rebalancer.ts';

const REBALANCE: Rebalance = { idleForMillis: 1_000, whenAbove: 1.25, maxPerMinute: 600 };

function hostsWith(loads: readonly number[], weights: readonly number[] = []): Host[] {
  return loads.map((liveSessions, index) => {
    const endpoint = endpointAt(`10.0.0.${index + 1}:80`, { weight: weights[index] ?? 1 });
    return new Host(endpoint, hostState({ liveSessions }), 0, index);
  });
}

function movesOff(loads: readonly number[], weights: readonly number[] = [], rebalance = REBALANCE): boolean {
  const hosts = hostsWith(loads, weights);
  return shouldMove(rebalance, hosts[0] as Host, hosts);
}

describe('shouldMove', () => {
  it('moves sessions only off hosts with more than whenAbove times the average', () => {
    assert.equal(movesOff([100, 100, 0]), true);
    assert.equal(movesOff([100, 100, 100]), false);
    // The average is 100: 125 is not above 1.25 times it.
    assert.equal(movesOff([125, 75]), false);
    assert.equal(movesOff([126, 74]), true);
  });

  it('counts what a weight entitles to', () => {
    assert.equal(movesOff([300, 100], [3, 1]), false);
    assert.equal(movesOff([100, 300], [1, 3]), false);
    assert.equal(movesOff([200, 200], [1, 3]), true);
  });

  it('leaves a host alone that is the only one, that has no weight, or whose sessions nobody would carry better', () => {
    assert.equal(movesOff([100]), false);
    assert.equal(movesOff([100, 0], [0, 1]), false);
    assert.equal(movesOff([100, 0], [1, 0]), false);
    assert.equal(movesOff([1, 0]), false);
  });

  it('counts the host for the average also when it is no candidate itself', () => {
    const [host, ...others] = hostsWith([100, 0, 0]);
    assert.equal(shouldMove(REBALANCE, host as Host, others), true);
    const [even, ...rest] = hostsWith([10, 10, 10]);
    assert.equal(shouldMove(REBALANCE, even as Host, rest), false);
  });

  it('brings any loads to rest, with no host above the bound but by what does not divide', () => {
    const loads = fc.array(fc.nat(60), { minLength: 2, maxLength: 8 });
    const weights = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(loads, weights, fc.double({ min: 1, max: 2, noNaN: true }), (start, weighted, whenAbove) => {
        const hosts = hostsWith(start, weighted);
        const rebalance = { ...REBALANCE, whenAbove };
        const total = start.reduce((sum, load) => sum + load, 0);
        const load = ({ state, weight }: Host): number => state.liveSessions / weight;
        let moves = 0;
        for (;;) {
          const from = hosts.find((host) => shouldMove(rebalance, host, hosts));
          if (from === undefined) break;
          const full = withoutRoom(from, hosts);
          const rest = hosts.filter((host) => !full.includes(host));
          assert.ok(rest.length > 0, 'there is nowhere to go');
          const to = rest.reduce((a, b) =>
            (b.state.liveSessions + 1) / b.weight < (a.state.liveSessions + 1) / a.weight ? b : a,
          );
          from.state.liveSessions--;
          to.state.liveSessions++;
          moves++;
          assert.ok(moves <= total, 'sessions go round in circles');
        }
        const average = total / hosts.reduce((sum, { weight }) => sum + weight, 0);
        for (const host of hosts) assert.ok(load(host) <= whenAbove * average + 1, `${load(host)} of ${average}`);
      }),
    );
  });
});
