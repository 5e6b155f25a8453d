import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PathMatch, PathRewrite } from '../model/route.ts';
import { compilePathRewrite } from './path-rewrite.ts';

describe('compilePathRewrite', () => {
  // The table of the Gateway API's HTTPPathModifier (ReplacePrefixMatch), and what it leaves open.
  const SEGMENTS: [target: string, prefix: string, value: string, expected: string][] = [
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    ['/foo?q=/a', '/foo', '/', '/?q=/a'],
    ['/foo/bar?q', '/foo', '/xyz', '/xyz/bar?q'],
    ['/bar', '/', '/xyz', '/xyz/bar'],
    ['/', '/', '/xyz', '/xyz/'],
  ];
  for (const [target, prefix, value, expected] of SEGMENTS) {
    it(`replaces the segments ${prefix} of ${target} with "${value}": ${expected}`, () => {
      assert.equal(rewrite({ kind: 'prefix', value }, pathOf('segmentPrefix', prefix), target), expected);
    });
  }

  it('replaces a text prefix as it is written, as Envoy does', () => {
    const match = pathOf('prefix', '/api');
    assert.equal(rewrite({ kind: 'prefix', value: '/v2' }, match, '/apix?q=/api'), '/v2x?q=/api');
    assert.equal(rewrite({ kind: 'prefix', value: '/' }, match, '/api/x'), '//x');
    assert.equal(rewrite({ kind: 'prefix', value: 'n' }, match, '/api/x'), '/n/x');
  });

  it('replaces the whole path of an exact or regex match', () => {
    assert.equal(rewrite({ kind: 'prefix', value: '/n' }, pathOf('exact', '/r6'), '/r6?q=1'), '/n?q=1');
    assert.equal(rewrite({ kind: 'prefix', value: '/n' }, { kind: 'regex', pattern: '/r.*' }, '/r7/a?q=1'), '/n?q=1');
  });

  it('replaces the full path, and the query where the value has one', () => {
    const match = pathOf('prefix', '/');
    assert.equal(rewrite({ kind: 'full', value: '/new' }, match, '/a/b?q=1'), '/new?q=1');
    assert.equal(rewrite({ kind: 'full', value: '/new?z=1' }, match, '/a?q=1'), '/new?z=1');
    assert.equal(rewrite({ kind: 'full', value: '' }, match, '/a?q=1'), '/?q=1');
  });

  it('replaces every regex match in the path and none in the query', () => {
    const digits: PathRewrite = { kind: 'regex', pattern: '/(\\d*)', substitution: '/<\\1>' };
    assert.equal(rewrite(digits, pathOf('prefix', '/'), '/r8/12/x/3?q=/4'), '/<>r8/<12>/<>x/<3>?q=/4');
    const service: PathRewrite = {
      kind: 'regex',
      pattern: '^/service/([^/]+)(/.*)$',
      substitution: '\\2/instance/\\1',
    };
    assert.equal(rewrite(service, pathOf('prefix', '/'), '/service/foo/v1/api'), '/v1/api/instance/foo');
    assert.equal(rewrite({ kind: 'regex', pattern: '.*', substitution: '' }, pathOf('prefix', '/'), '/a?q'), '/?q');
  });

  it('writes the bytes of a value that is not ASCII', () => {
    assert.equal(rewrite({ kind: 'full', value: '/é' }, pathOf('prefix', '/'), '/'), '/\xc3\xa9');
  });
});

function pathOf(kind: 'exact' | 'prefix' | 'segmentPrefix', value: string): PathMatch {
  return { kind, value, ignoreCase: false };
}

function rewrite(action: PathRewrite, match: PathMatch, target: string): string {
  return compilePathRewrite(action, match)(target);
}
