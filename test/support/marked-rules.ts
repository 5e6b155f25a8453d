import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translate } from '../../src/control/translate.ts';
import { parseResources } from '../../src/resources/resources.ts';

/** What is wrong, and the resource with a ‹ before each place where an error is to be reported; without any: none. */
export type MarkedRule = readonly [rule: string, marked: string];

/** One test for each rule: the errors of `frame(marked)` stand at its marks and nowhere else, and each has help. */
export function describeRules(name: string, frame: (marked: string) => string, rules: readonly MarkedRule[]): void {
  describe(name, () => {
    for (const [rule, marked] of rules) it(rule, () => checkRule(frame(marked)));
  });
}

function checkRule(marked: string): void {
  const text = marked.replaceAll('‹', '');
  const parsed = parseResources([{ source: 'a.yaml', text }]);
  const all = [...parsed.diagnostics, ...translate(parsed.resources).diagnostics];
  const errors = all.filter(({ severity }) => severity === 'error');
  const places = errors.map(({ location: { line, column }, message, help }) => {
    assert.notEqual(help, '', message);
    return { place: `${line}:${column}`, message };
  });
  const found = [...new Set(places.map(({ place }) => place))].sort();
  assert.deepEqual(
    found,
    placesOf(marked).sort(),
    places.map(({ place, message }) => `${place} ${message}`).join('\n'),
  );
}

function placesOf(marked: string): string[] {
  return marked.split('\n').flatMap((line, index) => {
    const parts = line.split('‹');
    let column = 1;
    return parts.slice(1).map((_, part) => {
      column += parts[part]?.length ?? 0;
      return `${index + 1}:${column}`;
    });
  });
}
