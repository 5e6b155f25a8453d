import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Hash64 } from './hash64.ts';
import { compileMaglev, isMaglevTableSize } from './maglev-table.ts';
import { xxHash64 } from './xx-hash.ts';

const keysOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}:80`);
const equalWeights = (count: number): Float64Array => new Float64Array(count).fill(1 / count);
const hashOf = (text: string): Hash64 => xxHash64(text, new Hash64());

describe('isMaglevTableSize', () => {
  it('takes primes from 2 to the largest that Envoy takes', () => {
    for (const size of [2, 3, 251, 65_537, 5_000_011]) assert.equal(isMaglevTableSize(size), true, String(size));
  });

  it('refuses 1, which crashes Envoy, and everything that is no prime', () => {
    for (const size of [0, 1, 4, 65_536, 4_999_997 * 3, 5_000_077, 2.5, Number.NaN]) {
      assert.equal(isMaglevTableSize(size), false, String(size));
    }
  });
});

describe('compileMaglev', () => {
  it('is a bug to call with another size', () => {
    assert.throws(() => compileMaglev(keysOf(2), equalWeights(2), 1), /is not a prime/);
    assert.throws(() => compileMaglev(keysOf(2), equalWeights(2), 65_536), /is not a prime/);
  });

  it('does not depend on the order of hosts', () => {
    const keys = keysOf(12);
    const table = compileMaglev(keys, equalWeights(12), 1009);
    const turned = compileMaglev([...keys].reverse(), equalWeights(12), 1009);
    assert.deepEqual(
      [...turned.owners].map((owner) => 11 - owner),
      [...table.owners],
    );
  });

  it('gives every host slots in proportion to its weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }), (list) => {
        const sum = list.reduce((total, weight) => total + weight, 0);
        const weights = Float64Array.from(list, (weight) => weight / sum);
        const counts = new Map<number, number>();
        for (const owner of compileMaglev(keysOf(list.length), weights, 4093).owners) {
          counts.set(owner, (counts.get(owner) ?? 0) + 1);
        }
        for (const [index, weight] of weights.entries()) {
          // Every host may be one slot ahead of its share, which the heaviest pays for.
          assert.ok(Math.abs((counts.get(index) ?? 0) - weight * 4093) <= list.length);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('moves few keys of hosts that stay when one leaves', () => {
    const keys = keysOf(20);
    const before = compileMaglev(keys, equalWeights(20), 65_537);
    const after = compileMaglev(keys.slice(0, 19), equalWeights(19), 65_537);
    const moved = before.owners.filter((owner, slot) => owner !== 19 && after.owners[slot] !== owner).length;
    assert.ok(moved / 65_537 < 0.05, `${moved} slots moved`);
  });

  it('gives a hash to its remainder, and other slots to attempts', () => {
    const table = compileMaglev(keysOf(3), equalWeights(3), 251);
    const hash = hashOf('key');
    assert.equal(table.lookup(hash, 0), table.owners[hash.remainder(251)]);
    const wide = BigInt(`0x${hash.toHex()}`);
    for (const attempt of [1, 2, 20]) {
      const slot = (wide ^ (2n ** 64n - BigInt(attempt))) % 251n;
      assert.equal(table.lookup(hash, attempt), table.owners[Number(slot)]);
    }
  });

  it('finds nobody without hosts', () => {
    assert.equal(compileMaglev([], new Float64Array(0), 251).lookup(hashOf('key'), 0), -1);
  });
});
