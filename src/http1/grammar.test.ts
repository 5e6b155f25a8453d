import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFieldValue, isOriginForm, isToken } from './grammar.ts';

function checkAll(predicate: (text: string) => boolean, valid: readonly string[], invalid: readonly string[]): void {
  for (const text of valid) assert(predicate(text), JSON.stringify(text));
  for (const text of invalid) assert(!predicate(text), JSON.stringify(text));
}

describe('isToken', () => {
  it('takes tchars only, and one at least', () => {
    checkAll(
      isToken,
      ['a', "!#$%&'*+-.^_`|~09AZaz"],
      ['', 'a b', 'a:', 'a\n', 'é', '"a"', 'a/b', 'a\u{1f600}', '\u212a'],
    );
  });
});

describe('isFieldValue', () => {
  it('takes what may stand on a line, without white space around it', () => {
    checkAll(
      isFieldValue,
      ['', 'a', 'a \tb', '\xe9', '"'],
      [' a', 'a ', '\ta', 'a\r\nb', 'a\0', 'a\x7f', '\u0100', '€'],
    );
  });
});

describe('isOriginForm', () => {
  it('takes a path with or without a query', () => {
    checkAll(
      isOriginForm,
      ['/', '/a/../b?c=%41&d[]=e|f', '//'],
      ['', 'a', '?', '/a b', '/%4', '/a#b', '/é', '/a\n', '*', '/"'],
    );
  });
});
