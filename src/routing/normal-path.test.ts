import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasDotSegments, normalizePath } from './normal-path.ts';

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

describe('hasDotSegments', () => {
  it('tells resolved paths from those that are only spelled otherwise', () => {
    for (const target of ['/..', '/.', '/a/./b', '/a/%2e%2E/b', '/a/.%2e?x', '/a/..;x/b'])
      assert.ok(hasDotSegments(target));
    for (const target of ['/', '/a..', '/.a', '/...', '/%2e%2e%2f', '/%41%2eb', '/a.b/'])
      assert.ok(!hasDotSegments(target));
  });
});
