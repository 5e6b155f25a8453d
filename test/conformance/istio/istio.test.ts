import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Tally } from '../replay/tally.ts';
import { canonical, type Json, leavesOf } from './json.ts';
import { judgeCase } from './judge-case.ts';
import { type Expected, type RecordedCase, readCaseLines } from './recorded-case.ts';

const CASES = readCaseLines(join(import.meta.dirname, 'testdata', 'istiod-1.30.3.jsonl'));

/** What is not done yet; each line goes with the change that does it. */
const PENDING: Readonly<Record<string, string>> = {
  'match-catchall-truncates': 'remark on rules that are never reached',
  'vs-gateway-reference-forms': "remark on the older form of a gateway's name",
};

function judge(recorded: RecordedCase): Tally {
  const tally = new Tally();
  judgeCase(recorded, tally);
  return tally;
}

describe('convert --to envoy, beside istiod', () => {
  for (const recorded of CASES) {
    it(`makes of ${recorded.name} what istiod makes of it`, { todo: PENDING[recorded.name] ?? false }, () => {
      assert.deepEqual(judge(recorded).mismatches, []);
    });
  }
});

/** What the rules of exceptions.ts take out of a recording, and lists in which a change is only another order. */
const NOT_COMPARED =
  /decorator|statPrefix|transportSocketMatches|istioVersion|runtimeKey|httpFilters\[|warnings|probes/;

describe('the judge', () => {
  it('takes no other value for any recorded field', () => {
    for (const [index, recorded] of CASES.entries()) {
      if (PENDING[recorded.name] !== undefined) continue;
      const paths = [...leavesOf(recorded.expected as unknown as Json).keys()].filter(
        (path) => !NOT_COMPARED.test(path),
      );
      // Another field of each case, so that together they are all kinds of fields.
      const path = paths[(index * 31) % paths.length];
      if (path === undefined) continue;
      const expected = JSON.parse(canonical(recorded.expected as unknown as Json)) as Expected;
      changeLeaf(expected as unknown as Json, path);
      assert.ok(judge({ ...recorded, expected }).failed > 0, `${recorded.name}: a change of ${path} was not noticed`);
    }
  });

  it('does not pass over fields that it has never heard of', () => {
    const [first] = CASES;
    assert.ok(first !== undefined);
    const expected = JSON.parse(canonical(first.expected as unknown as Json)) as Expected & {
      clusters: Record<string, object>;
    };
    for (const cluster of Object.values(expected.clusters)) Object.assign(cluster, { newField: { deep: 1 } });
    assert.ok(judge({ ...first, expected }).failed > 0);
    assert.ok(judge({ ...first, expected: { ...first.expected, secrets: {} } as Expected }).failed > 0);
  });
});

/** Gives the field at a path of `leavesOf` another value of its type. */
function changeLeaf(root: Json, path: string): void {
  let at: Json = root;
  for (;;) {
    const inner: [string, Json] | undefined = Object.entries(at as object).find(([key, value]: [string, Json]) => {
      const prefix = Array.isArray(at) ? `[${key}]` : key;
      return path.startsWith(prefix) && leavesOf(value, prefix).has(path);
    });
    assert.ok(inner !== undefined, path);
    const [key, value] = inner;
    const prefix = Array.isArray(at) ? `[${key}]` : key;
    if (path === prefix) {
      Object.assign(at as object, { [key]: another(value) });
      return;
    }
    path = path.slice(prefix.length).replace(/^\./, '');
    at = value;
  }
}

function another(value: Json): Json {
  if (typeof value === 'string') return `${value}x`;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return Array.isArray(value) ? ['changed'] : { changed: true };
}
