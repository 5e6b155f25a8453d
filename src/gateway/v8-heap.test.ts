import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';

const MODULE = new URL('./v8-heap.ts', import.meta.url).href;

/** MiB that a process has for new objects after it has allocated much that lives on. */
function newSpaceAfterwards(flags: readonly string[], code: string, nodeOptions = ''): number {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { keepCollectionsShort, shortCollectionFlags } from '${MODULE}';
    ${code}
    const kept = [];
    for (let i = 0; i < 500_000; i++) kept.push({ i, list: [i] });
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    process.stdout.write(String(space.space_size / 1_048_576));`;
  const env = { ...process.env, NODE_OPTIONS: nodeOptions };
  return Number(
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', script], { env, encoding: 'utf8' }),
  );
}

describe('the space for new objects', () => {
  it('stays small in a process that serves, and grows in others', () => {
    assert.ok(newSpaceAfterwards([], '') >= 8);
    assert.ok(newSpaceAfterwards([], 'keepCollectionsShort();') <= 2);
    assert.ok(newSpaceAfterwards(['--max-semi-space-size=1'], '') <= 2);
  });

  it("is as large as the operator's options say", () => {
    const code = "keepCollectionsShort(); if (shortCollectionFlags().length > 0) throw new Error('flags');";
    const size = newSpaceAfterwards([], code, '--max-semi-space-size=16');
    assert.ok(size > 2 && size <= 32, `${size} MiB`);
  });
});
