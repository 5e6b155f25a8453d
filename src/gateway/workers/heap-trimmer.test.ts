import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { HeapTrimmer } from './heap-trimmer.ts';

describe('HeapTrimmer', () => {
  it('collects once for all requests until then, and not when it is disposed of', async () => {
    let trims = 0;
    const trimmer = new HeapTrimmer(() => trims++, 1);
    trimmer.request();
    trimmer.request();
    while (trims === 0) await delay(1);
    trimmer.request();
    trimmer[Symbol.dispose]();
    await delay(10);
    assert.equal(trims, 1);
  });

  it('makes the heap small again', async () => {
    let garbage: unknown[] = [];
    for (let i = 0; i < 1_000_000; i++) garbage.push({ i });
    const grown = getHeapStatistics().total_heap_size;
    garbage = [];
    using trimmer = new HeapTrimmer(undefined, 1);
    trimmer.request();
    while (getHeapStatistics().total_heap_size > grown - 20_000_000) await delay(1);
    assert.equal(garbage.length, 0);
  });
});
