import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasOtherSegments, normalizePath } from './normal-path.ts';

/** What Envoy 1.40 with normalize_path sends to the upstream. */
const RECORDED: readonly (readonly [target: string, normal: string])[] = [
  ['/hello', '/hello'],
  ['/a/../hello', '/hello'],
  ['/./hello', '/hello'],
  ['//hello', '//hello'],
  ['/hello/.', '/hello/'],
  ['/a/.', '/a/'],
  ['/a/..', '/'],
  ['/..', '/'],
  ['/.', '/'],
  ['/a/...', '/a/...'],
  ['/a/.b', '/a/.b'],
  ['/a/b..', '/a/b..'],
  ['/a/b/..', '/a/'],
  ['/a/b/../../c', '/c'],
  ['/a/../../b', '/b'],
  ['/a//../b', '/a/b'],
  ['//../a', '/a'],
  ['/%2e/hello', '/hello'],
  ['/a/%2e%2E/hello', '/hello'],
  ['/a/.%2e/b', '/b'],
  ['/a/..%2fb', '/a/..%2fb'],
  ['/%2e%2e%2fb', '/..%2fb'],
  ['/hel%6Co', '/hello'],
  ['/A%7e%5f%2d', '/A~_-'],
  ['/%41%2f%42', '/A%2fB'],
  ['/a%2eb', '/a.b'],
  ['/a/%252e%252e/b', '/a/%252e%252e/b'],
  ['/a%25%32%65', '/a%252e'],
  ['/a/%c3%A9', '/a/%c3%A9'],
  ['/a^b`c{d|e}', '/a%5Eb%60c%7Bd%7Ce%7D'],
  ['/a?b=/../%41', '/a?b=/../%41'],
  ['/a/..?x', '/?x'],
  ['/a/..;/b', '/b'],
  ['/a/..;x=1/b', '/b'],
  ['/a/.;x', '/a/'],
  ['/a/..;%2fb', '/'],
  ['/a/...;/b', '/a/...;/b'],
  ['/a/%2e%2e;/b', '/a/..;/b'],
  ['/x/y/..;a;b/c', '/x/c'],
  ['/..;/..;/a', '/a'],
  ['/a/;x/b', '/a/;x/b'],
];

describe('normalizePath', () => {
  it('gives what Envoy gives', () => {
    for (const [target, normal] of RECORDED) assert.equal(normalizePath(target), normal, target);
  });

  it('decodes every unreserved character and nothing else', () => {
    for (let code = 0; code < 256; code++) {
      const escaped = `%${code.toString(16).padStart(2, '0')}`;
      const character = String.fromCharCode(code);
      const expected = /[A-Za-z0-9._~-]/.test(character) ? character : escaped;
      assert.equal(normalizePath(`/a${escaped}b`), `/a${expected}b`);
    }
  });

  it('leaves no dot segment, and never touches the query', () => {
    const part = fc.constantFrom('/', '.', '..', '%2e', '%2E%2e', ';', 'a', '%41', '%2f', '//');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.webQueryParameters(), (parts, query) => {
        const normal = normalizePath(`/${parts.join('')}?${query}`);
        const [path = ''] = normal.split('?');
        assert.ok(path.startsWith('/'));
        assert.ok(!path.split('/').some((segment) => segment === '.' || segment === '..'), path);
        assert.ok(normal.endsWith(`?${query}`));
      }),
    );
  });
});

/** What Envoy 1.40 makes of paths with merge_slashes, and with UNESCAPE_AND_FORWARD beside it. */
const MERGED: readonly (readonly [target: string, merged: string, decoded: string])[] = [
  ['/a', '/a', '/a'],
  ['/', '/', '/'],
  ['//', '//', '//'],
  ['///', '//', '//'],
  ['//a', '/a', '/a'],
  ['/a//b', '/a/b', '/a/b'],
  ['/a///b////', '/a/b/', '/a/b/'],
  ['/a//../b', '/a/b', '/a/b'],
  ['/a%2Fb', '/a%2Fb', '/a/b'],
  ['/a%2f%2Fb', '/a%2f%2Fb', '/a/b'],
  ['/a%5Cb%5c', '/a%5Cb%5c', '/a/b/'],
  ['/%2e%2e%2fb', '/..%2fb', '/b'],
  ['/a%2f..%2Fb', '/a%2f..%2Fb', '/b'],
  ['/a%252fb', '/a%252fb', '/a%252fb'],
  ['/%2F', '/%2F', '//'],
  ['/a//%41?b=//c%2f', '/a/A?b=//c%2f', '/a/A?b=//c%2f'],
];

describe('normalizePath with another form', () => {
  it('gives what Envoy gives', () => {
    for (const [target, merged, decoded] of MERGED) {
      assert.equal(normalizePath(target, 'none'), target);
      assert.equal(normalizePath(target, 'mergeSlashes'), merged, target);
      assert.equal(normalizePath(target, 'decodeAndMergeSlashes'), decoded, target);
    }
  });

  it('leaves everything as it is where none is asked for', () => {
    for (const [target] of RECORDED) assert.equal(normalizePath(target, 'none'), target);
  });
});

describe('hasOtherSegments', () => {
  it('tells resolved paths from those that are only spelled otherwise', () => {
    for (const target of ['/..', '/.', '/a/./b', '/a/%2e%2E/b', '/a/.%2e?x', '/a/..;x/b'])
      assert.ok(hasOtherSegments(target));
    for (const target of ['/', '/a..', '/.a', '/...', '/%2e%2e%2f', '/%41%2eb', '/a.b/'])
      assert.ok(!hasOtherSegments(target));
  });

  it('counts merged segments where they are merged, and nothing where all is left', () => {
    for (const target of ['/a//b', '/a%2Fb', '/a%5cb']) {
      assert.ok(!hasOtherSegments(target));
      assert.ok(hasOtherSegments(target, 'mergeSlashes'));
      assert.ok(hasOtherSegments(target, 'decodeAndMergeSlashes'));
    }
    assert.ok(!hasOtherSegments('/a/../b', 'none'));
    assert.ok(!hasOtherSegments('/a/b', 'mergeSlashes'));
  });
});
