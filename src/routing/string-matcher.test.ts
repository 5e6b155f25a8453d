import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileRegex, isValidRegex } from '../model/regex.ts';
import { shapeOfRegex } from './regex-shape.ts';
import { compileRegexMatch, compileStringMatch } from './string-matcher.ts';

describe('compileStringMatch', () => {
  it('compares exactly, by prefix, suffix and content', () => {
    const matching = (kind: 'exact' | 'prefix' | 'suffix' | 'contains', ignoreCase: boolean): string[] =>
      ['ab', 'abx', 'xab', 'xabx', 'AB', 'xABx', ''].filter(compileStringMatch({ kind, value: 'ab', ignoreCase }));
    assert.deepEqual(matching('exact', false), ['ab']);
    assert.deepEqual(matching('prefix', false), ['ab', 'abx']);
    assert.deepEqual(matching('suffix', false), ['ab', 'xab']);
    assert.deepEqual(matching('contains', false), ['ab', 'abx', 'xab', 'xabx']);
    assert.deepEqual(matching('exact', true), ['ab', 'AB']);
    assert.deepEqual(matching('contains', true), ['ab', 'abx', 'xab', 'xabx', 'AB', 'xABx']);
  });

  it('compares the bytes of UTF-8, folding ASCII letters only', () => {
    const bytes = (text: string): string => Buffer.from(text).toString('latin1');
    const matches = compileStringMatch({ kind: 'exact', value: 'ÉX', ignoreCase: true });
    assert.deepEqual(['ÉX', 'Éx', 'éx'].map(bytes).map(matches), [true, true, false]);
  });

  it('takes any value as present', () => assert.equal(compileStringMatch({ kind: 'present' })(''), true));
});

describe('compileRegexMatch', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b',
      '/',
      '.',
      '\\.',
      '.*',
      '.+',
      'a*',
      '[ab]',
      '[^/]+',
      '(a|b)',
      '|',
      '^',
      '$',
      '\\\\',
      'b{2}',
      'é',
      '(?i)',
    ],
    ...['[]|]', '\\Q|\\E', '[[:alpha:]|]', '\\$', '\\|'],
  );
  const pattern = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  const value = fc.string({
    unit: fc.constantFrom('a', 'b', 'A', '/', '.', '|', '$', '\\', '\xc3', '\xa9'),
    maxLength: 8,
  });

  it('gives what the engine gives, whatever it takes for a shortcut', () => {
    fc.assert(
      fc.property(pattern.filter(isValidRegex), fc.array(value, { maxLength: 20 }), (text, values) => {
        const short = compileRegexMatch(text);
        const engine = compileRegex(text);
        for (const candidate of values) assert.equal(short(candidate), engine(candidate), `${text} on ${candidate}`);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('shapeOfRegex', () => {
  const cases: [pattern: string, literal: string, rest: string][] = [
    ['/productpage', '/productpage', 'nothing'],
    ['^/a\\.html$', '/a.html', 'nothing'],
    ['.*', '', 'anything'],
    ['/api/.*', '/api/', 'anything'],
    ['^/api/.+$', '/api/', 'something'],
    ['/v[0-9]+/.*', '/v', 'pattern'],
    ['/ab?', '/a', 'pattern'],
    ['/a|/b', '', 'pattern'],
    ['/x/(a|b)', '/x/', 'pattern'],
    ['/x/[|]', '/x/', 'pattern'],
    ['(?i)/x', '', 'pattern'],
    ['/é', '/', 'pattern'],
    ['a\\$', 'a$', 'nothing'],
    ['a\\\\$', 'a\\', 'nothing'],
    ['', '', 'nothing'],
  ];
  for (const [pattern, literal, rest] of cases) {
    it(`reads ${pattern} as "${literal}" and ${rest}`, () =>
      assert.deepEqual(shapeOfRegex(pattern), { literal, rest }));
  }
});
