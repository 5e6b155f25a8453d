import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sortLikeLibcxx } from './libcxx-sort.ts';
import { createRingEntries, hasEqualHashes, type RingEntries, sortRingEntries } from './ring-entries.ts';

function entriesOf(hashes: readonly bigint[]): RingEntries {
  const entries = createRingEntries(hashes.length);
  for (const [index, hash] of hashes.entries()) {
    entries.hi[index] = Number(hash >> 32n);
    entries.lo[index] = Number(hash & 0xffffffffn);
    entries.owner[index] = index;
  }
  return entries;
}

function hashesOf({ hi, lo }: RingEntries): bigint[] {
  return Array.from(hi, (high, index) => (BigInt(high) << 32n) | BigInt(lo[index]!));
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
const hashes = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 300 });

describe('sortRingEntries', () => {
  it('sorts by the whole hash, keeps equal ones in order and owners with their hashes', () => {
    fc.assert(
      fc.property(fc.oneof(hashes, fc.array(fc.bigInt({ min: 0n, max: 5n }), { maxLength: 100 })), (input) => {
        const sorted = sortRingEntries(entriesOf(input));
        const expected = input.map((hash, index) => ({ hash, index })).sort((a, b) => ascending(a.hash, b.hash));
        assert.deepEqual(
          [...sorted.owner],
          expected.map(({ index }) => index),
        );
        assert.deepEqual(
          hashesOf(sorted),
          expected.map(({ hash }) => hash),
        );
        assert.equal(hasEqualHashes(sorted), new Set(input).size < input.length);
      }),
    );
  });
});

describe('sortLikeLibcxx', () => {
  it('sorts, whatever becomes of equal ones', () => {
    const few = fc.array(fc.bigInt({ min: 0n, max: 40n }), { maxLength: 700 });
    fc.assert(
      fc.property(fc.oneof(hashes, few), (input) => {
        const entries = entriesOf(input);
        sortLikeLibcxx(entries);
        assert.deepEqual(hashesOf(entries), [...input].sort(ascending));
        assert.deepEqual(
          [...entries.owner].sort((a, b) => a - b),
          input.map((_, index) => index),
        );
      }),
    );
  });

  it('sorts what drives a quicksort to its depth limit', () => {
    const input = Array.from({ length: 3000 }, (_, index) => BigInt(index % 2 === 0 ? index : 3000 - index));
    const entries = entriesOf(input);
    sortLikeLibcxx(entries);
    assert.deepEqual(hashesOf(entries), [...input].sort(ascending));
  });

  it('keeps up to 23 equal ones in their order', () => {
    const entries = entriesOf(Array.from({ length: 23 }, () => 7n));
    sortLikeLibcxx(entries);
    assert.deepEqual(
      [...entries.owner],
      Array.from({ length: 23 }, (_, index) => index),
    );
  });
});
