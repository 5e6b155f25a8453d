import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { IndexMerge } from './index-merge.ts';

describe('IndexMerge', () => {
  const ascending = fc
    .uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 20 })
    .map((list) => list.sort((a, b) => a - b));

  it('gives the indices of all lists in ascending order, however often it is reused', () => {
    const merge = new IndexMerge();
    fc.assert(
      fc.property(fc.array(ascending, { maxLength: 12 }), (lists) => {
        merge.clear();
        for (const list of lists) merge.add(list);
        const merged: number[] = [];
        for (let index = merge.next(); index !== Number.POSITIVE_INFINITY; index = merge.next()) merged.push(index);
        assert.deepEqual(
          merged,
          lists.flat().sort((a, b) => a - b),
        );
      }),
    );
  });
});
