import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Hash64 } from './hash64.ts';
import { compileRing, type RingOptions } from './ring-table.ts';
import { xxHash64 } from './xx-hash.ts';

const OPTIONS: RingOptions = { minimumSize: 1024, maximumSize: 8_388_608, hashFunction: 'xxHash' };

const equalWeights = (count: number): Float64Array => new Float64Array(count).fill(1 / count);
const keysOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}:80`);
const hashOf = (text: string): Hash64 => xxHash64(text, new Hash64());

describe('compileRing', () => {
  it('gives equal hosts equal shares, of at least the minimum in all', () => {
    const ring = compileRing(keysOf(5), equalWeights(5), OPTIONS);
    assert.equal(ring.owners.length, 1025);
    assert.deepEqual([ring.minEntriesPerHost, ring.maxEntriesPerHost, ring.nominalSize], [205, 205, 1025]);
  });

  it('hashes key_0, key_1, ... and gives a hash to the entry it equals', () => {
    const ring = compileRing(keysOf(3), equalWeights(3), OPTIONS);
    for (const i of [0, 9, 10, 99, 100, 341]) assert.equal(ring.lookup(hashOf(`10.0.0.2:80_${i}`), 0), 1);
  });

  it('gives a hash between two entries to the upper one, and above all to the first', () => {
    const ring = compileRing(keysOf(4), equalWeights(4), { ...OPTIONS, minimumSize: 4 });
    const entry = ring.entryHash(2, new Hash64());
    assert.equal(ring.lookup(new Hash64().copy(entry).add(-1, -1), 0), ring.owners[2]);
    assert.equal(ring.lookup(entry.add(0, 1), 0), ring.owners[3]);
    assert.equal(ring.lookup(new Hash64().set(-1, -1), 0), ring.owners[0]);
  });

  it('counts attempts in entries, around the end of the ring', () => {
    const ring = compileRing(keysOf(4), equalWeights(4), { ...OPTIONS, minimumSize: 4 });
    const last = ring.entryHash(3, new Hash64());
    assert.equal(ring.lookup(last, 1), ring.owners[0]);
    assert.equal(ring.lookup(last, 6), ring.owners[1]);
  });

  it('is empty, and finds nobody, with a minimum of 0 or without hosts', () => {
    assert.equal(compileRing(keysOf(2), equalWeights(2), { ...OPTIONS, minimumSize: 0 }).lookup(hashOf('x'), 0), -1);
    assert.equal(compileRing([], new Float64Array(0), OPTIONS).lookup(hashOf('x'), 0), -1);
  });

  it('leaves hosts out where the maximum is smaller than their number', () => {
    const ring = compileRing(keysOf(200), equalWeights(200), { ...OPTIONS, minimumSize: 7, maximumSize: 7 });
    assert.deepEqual([ring.minEntriesPerHost, ring.maxEntriesPerHost], [0, 1]);
  });

  it('builds a large ring without an object per entry in about a second', () => {
    const start = performance.now();
    const ring = compileRing(keysOf(10), equalWeights(10), { ...OPTIONS, minimumSize: 1_000_000 });
    assert.equal(ring.owners.length, 1_000_000);
    assert.ok(performance.now() - start < 5000);
  });

  it('moves only the keys of the host that leaves, as long as the others keep their share', () => {
    const words = fc.array(fc.string({ maxLength: 12 }), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), words, (count, pick, texts) => {
        const keys = keysOf(count);
        const leaving = pick % count;
        const kept = keys.filter((_, index) => index !== leaving);
        const before = compileRing(keys, equalWeights(count), { ...OPTIONS, minimumSize: count * 40 });
        const after = compileRing(kept, equalWeights(count - 1), { ...OPTIONS, minimumSize: (count - 1) * 40 });
        for (const text of texts) {
          const owner = before.lookup(hashOf(text), 0);
          if (owner !== leaving) assert.equal(kept[after.lookup(hashOf(text), 0)], keys[owner]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives every host entries in proportion to its weight', () => {
    const weightLists = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(weightLists, (list) => {
        const sum = list.reduce((total, weight) => total + weight, 0);
        const weights = Float64Array.from(list, (weight) => weight / sum);
        const ring = compileRing(keysOf(list.length), weights, OPTIONS);
        const counts = new Map<number, number>();
        for (const owner of ring.owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
        for (const [index, weight] of weights.entries()) {
          assert.ok(Math.abs((counts.get(index) ?? 0) - weight * ring.nominalSize) <= 2);
        }
      }),
      { numRuns: 40 },
    );
  });
});
