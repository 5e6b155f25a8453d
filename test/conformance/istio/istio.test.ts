import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../../support/tools.ts';
import { Tally } from '../replay/tally.ts';
import { formatTable, type JudgedCase } from './case-table.ts';
import { canonical, type Json, leavesOf } from './json.ts';
import { judgeCase } from './judge-case.ts';
import { type Expected, type RecordedCase, readCaseLines } from './recorded-case.ts';

const CASES = readCaseLines(join(import.meta.dirname, 'testdata', 'istiod-1.30.3.jsonl'));

const DOCS = join(ROOT, 'docs', 'dialects', 'istio.md');
const TABLE_START = '<!-- cases: written by npm run golden -->';
const TABLE_END = '<!-- end of cases -->';

function judge(recorded: RecordedCase): Tally {
  const tally = new Tally();
  judgeCase(recorded, tally);
  return tally;
}

function judgeByName(recorded: RecordedCase): JudgedCase {
  return { tags: recorded.case.tags ?? [], tally: judge(recorded) };
}

describe('convert --to envoy, beside istiod', () => {
  for (const recorded of CASES) {
    it(`makes of ${recorded.name} what istiod makes of it`, () => {
      assert.deepEqual(judge(recorded).mismatches, []);
    });
  }
});

/** What the rules of exceptions.ts take out of a recording, and lists in which a change is only another order. */
const NOT_COMPARED =
  /decorator|statPrefix|transportSocketMatches|istioVersion|runtimeKey|httpFilters\[|warnings|probes/;

describe('docs/dialects/istio.md', () => {
  it('has the cases by tag, with what came of them (npm run golden writes it)', () => {
    const text = readFileSync(DOCS, 'utf8');
    const start = text.indexOf(TABLE_START);
    const end = text.indexOf(TABLE_END);
    assert.ok(start >= 0 && end > start, `${DOCS} has no place for the table`);
    const expected = `${text.slice(0, start)}${TABLE_START}\n${formatTable(CASES.map(judgeByName))}${text.slice(end)}`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(DOCS, expected);
    else assert.equal(text, expected);
  });
});

describe('the judge', () => {
  it('takes no other value for any recorded field', () => {
    for (const [index, recorded] of CASES.entries()) {
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
