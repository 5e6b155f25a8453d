import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogBuffer } from './log-buffer.ts';

describe('LogBuffer', () => {
  it('keeps the last thousand lines, and of a line the beginning', () => {
    const log = new LogBuffer();
    for (let i = 0; i < 5_000; i++) log.append(String(i));
    log.append('x'.repeat(10_000));
    assert.equal(log.lines.length, 1_000);
    assert.equal(log.lines[0], '4001');
    assert.equal(log.lines.at(-1)?.length, 4_096);
  });

  it('tells its followers until they leave', () => {
    const log = new LogBuffer();
    const seen: string[] = [];
    const unfollow = log.follow((line) => seen.push(line));
    log.append('a');
    unfollow();
    log.append('b');
    assert.deepEqual(seen, ['a']);
  });
});
