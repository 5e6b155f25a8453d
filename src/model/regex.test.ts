import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toByteString } from './byte-string.ts';
import { compileRegex, compileRegexReplace, isValidRegex, validateRegex, validateSubstitution } from './regex.ts';

describe('compileRegex', () => {
  it('matches the whole value', () => {
    const matches = compileRegex('/v[0-9]+|/latest');
    assert.deepEqual(['/v1', '/v12', '/latest', '/v1/', 'x/v1', ''].map(matches), [
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('sees bytes, not characters', () => {
    const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
    assert.equal(compileRegex('.')(latin1('é')), false);
    assert.equal(compileRegex('..')(latin1('é')), true);
    assert.equal(compileRegex('é')(latin1('é')), true);
    assert.equal(compileRegex('(?i)é')(latin1('É')), false);
  });

  it('refuses a value that would take too long rather than hang', () => {
    const matches = compileRegex('(?:a|b)*a(?:a|b){900}c');
    const start = performance.now();
    assert.equal(matches('ab'.repeat(32_768)), false);
    assert.ok(performance.now() - start < 2000);
  });

  it('stays linear where a backtracking engine explodes', () => {
    const start = performance.now();
    assert.equal(compileRegex('(a+)+$')(`${'a'.repeat(65_536)}!`), false);
    assert.equal(compileRegex('(a|aa)*(a|aa)*b')('a'.repeat(65_536)), false);
    assert.ok(performance.now() - start < 2000);
  });
});

describe('validateRegex', () => {
  it('accepts RE2', () => {
    for (const pattern of ['', 'a|b', '(?i)x', '\\Qa.b\\E', '(?P<name>a)', '[[:alpha:]]', '\\pL{1000}']) {
      assert.equal(validateRegex(pattern), null, pattern);
      assert.equal(isValidRegex(pattern), true);
    }
  });

  it('says what is wrong with anything else', () => {
    assert.match(validateRegex('(a') ?? '', /not a valid RE2 pattern: missing closing \)/);
    assert.match(validateRegex('a(?=b)') ?? '', /invalid or unsupported Perl syntax/);
    assert.match(validateRegex('(a)\\1') ?? '', /invalid escape sequence/);
    assert.match(validateRegex('a{1001}') ?? '', /invalid repeat count/);
    assert.match(validateRegex(`${'\\pL{1000}'.repeat(11)}`) ?? '', /too large/);
    assert.match(validateRegex('a'.repeat(40_000)) ?? '', /longer than/);
    assert.match(validateRegex('('.repeat(20_000)) ?? '', /not a valid RE2 pattern/);
    assert.equal(isValidRegex('*'), false);
  });
});

describe('validateSubstitution', () => {
  it('accepts groups that the pattern has and escaped backslashes', () => {
    assert.equal(validateSubstitution('/(a)(b)', '\\0\\1/\\2\\\\'), null);
    assert.equal(validateSubstitution('x', 'plain $1'), null);
  });

  it('says what is wrong with anything else', () => {
    assert.match(validateSubstitution('(a)', '\\2') ?? '', /group \\2, but the pattern has 1/);
    assert.match(validateSubstitution('a', '\\x') ?? '', /neither a group/);
    assert.match(validateSubstitution('a', 'a\\') ?? '', /single backslash/);
  });
});

describe('compileRegexReplace', () => {
  const cases: [pattern: string, substitution: string, value: string, expected: string][] = [
    ['a', 'b', 'banana', 'bbnbnb'],
    ['x*', '-', 'axxb', '-a-b-'],
    ['x*', '-', '', '-'],
    ['', '-', 'ab', '-a-b-'],
    ['^/old', '/new', '/old/old', '/new/old'],
    ['b$', 'c', 'abb', 'abc'],
    ['/user/([^/]+)/(\\d+)', '/\\2/\\1\\\\\\0', '/user/ann/7', '/7/ann\\/user/ann/7'],
    ['(a)|(b)', '[\\1\\2]', 'ab', '[a][b]'],
    ['[a-z]*', '#', 'é', '#Ã#©#'],
    ['nothing', 'x', 'abc', 'abc'],
    ['\\bfoo\\b', 'bar', 'foo food foo', 'bar food bar'],
    ['.', '$1', 'a', '$1'],
  ];
  for (const [pattern, substitution, value, expected] of cases) {
    it(`s/${pattern}/${substitution}/g makes "${expected}" of "${value}"`, () => {
      const bytes = Buffer.from(value).toString('latin1');
      assert.equal(compileRegexReplace(pattern, substitution)(bytes), expected);
    });
  }

  it('leaves a value alone that would take too long', () => {
    const replace = compileRegexReplace('a.*b|a', 'x');
    const value = 'a'.repeat(65_536);
    const start = performance.now();
    assert.equal(replace(value), value);
    assert.ok(performance.now() - start < 3000);
    assert.equal(replace('aaa'), 'xxx');
  });
});

describe('compileRegexReplace on bytes (envoy-affinity §7.6)', () => {
  const cases: readonly (readonly [pattern: string, substitution: string, text: string, expected: string])[] = [
    ['^/v[0-9]+/(\\w+)', '\\1', '/v12/users/7', 'users/7'],
    ['[0-9]', '', 'a1b22c', 'abc'],
    ['x*', '-', 'axxb', '-a-b-'],
    ['x*', '-', '', '-'],
    ['x*', '-', 'xx', '-'],
    ['([a-z]+)-([a-z]+)', '\\2\\1\\0', 'ab-cd-ef-gh', 'cdabab-cd-ghefef-gh'],
    ['(a)|(b)', '<\\1\\2>', 'ab', '<a><b>'],
    ['a', '\\\\', 'a', '\\'],
    ['^a', 'b', 'aaa', 'baa'],
    ['\\b', '|', 'ab cd', '|ab| |cd|'],
    ['z', '-', 'abc', 'abc'],
    ['.', '#', 'é', '##'],
    ['[a-z]*', '#', 'é', '#\xc3#\xa9#'],
    ['(?i)é', '-', 'É', 'É'],
  ];
  for (const [pattern, substitution, text, expected] of cases) {
    it(`turns ${JSON.stringify(text)} into ${JSON.stringify(expected)} by ${pattern}`, () => {
      const bytes = expected.includes('\xc3') ? expected : toByteString(expected);
      assert.equal(compileRegexReplace(pattern, substitution)(toByteString(text)), bytes);
    });
  }
});
