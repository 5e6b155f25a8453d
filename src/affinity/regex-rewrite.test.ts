import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toByteString } from '../model/byte-string.ts';
import { compileRewrite } from './regex-rewrite.ts';

describe('compileRewrite', () => {
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
      assert.equal(compileRewrite({ pattern, substitution }).apply(toByteString(text)), bytes);
    });
  }

  it('refuses what is no RE2, and groups that are not there', () => {
    assert.throws(() => compileRewrite({ pattern: '(a', substitution: '' }));
    assert.throws(() => compileRewrite({ pattern: '(a)', substitution: '\\2' }), /group \\2/);
    assert.throws(() => compileRewrite({ pattern: 'a', substitution: '\\x' }), /digit or a backslash/);
  });

  it('leaves a value alone that would take too long', () => {
    const start = performance.now();
    const text = 'ab'.repeat(30_000);
    assert.equal(compileRewrite({ pattern: 'a(?:a|b)*c|x', substitution: '' }).apply(text), text);
    assert.ok(performance.now() - start < 3000);
  });
});
