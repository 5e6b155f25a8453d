import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRequestView } from '../../test/support/request-view.ts';
import type { PathMatch, RedirectAction } from '../model/route.ts';
import { compileRedirect, toHttpsLocation } from './redirect.ts';

const ANY_PATH: PathMatch = { kind: 'prefix', value: '/', ignoreCase: false };

describe('compileRedirect', () => {
  const CASES: [action: Partial<RedirectAction>, url: string, location: string][] = [
    // Observed on Envoy 1.40.
    [{ scheme: 'https' }, 'http://h.example/r', 'https://h.example/r'],
    [{ scheme: 'https' }, 'http://h.example:80/r', 'https://h.example/r'],
    [{ scheme: 'https' }, 'http://h.example:8080/r?x=1', 'https://h.example:8080/r?x=1'],
    [{ port: 8443 }, 'http://h.example:80/r/x', 'http://h.example:8443/r/x'],
    [{ port: 8443 }, 'http://h.example/r', 'http://h.example:8443/r'],
    [{ host: 'new.example' }, 'http://h.example:80/r?q=1', 'http://new.example/r?q=1'],
    [{ path: { kind: 'full', value: '/p' } }, 'http://h.example:80/r?q=1', 'http://h.example:80/p?q=1'],
    [{ path: { kind: 'full', value: '/p?z=1' } }, 'http://h.example/r?q=1', 'http://h.example/p?z=1'],
    // A standard port is left out (Istio, Gateway API).
    [{ port: 80 }, 'http://h.example:99/r', 'http://h.example/r'],
    [{ port: 443, scheme: 'https' }, 'http://h.example:8080/r', 'https://h.example/r'],
    [{ port: 80, scheme: 'https' }, 'http://h.example/r', 'https://h.example:80/r'],
    [{ port: 443 }, 'https://h.example:8443/r', 'https://h.example/r'],
    [{ host: 'n.example', port: 8080 }, 'http://h.example/r', 'http://n.example:8080/r'],
    [{ scheme: 'http' }, 'https://h.example:443/r', 'http://h.example/r'],
    [{}, 'http://h.example:80/r', 'http://h.example:80/r'],
    [{ port: 81 }, 'http://[::1]:80/r', 'http://[::1]:81/r'],
    [{ port: 81 }, 'http://[::1]/r', 'http://[::1]:81/r'],
    [{ scheme: 'https' }, 'http://[::1]:80/r', 'https://[::1]/r'],
  ];
  for (const [action, url, location] of CASES) {
    it(`sends ${url} with ${JSON.stringify(action)} to ${location}`, () => {
      const [, scheme = '', authority = '', path = ''] = /^(\w+):\/\/([^/]*)(.*)$/.exec(url) ?? [];
      const redirect = compileRedirect(
        { kind: 'redirect', status: 301, scheme: null, host: null, port: null, path: null, ...action },
        ANY_PATH,
      );
      assert.equal(redirect(createRequestView({ scheme, authority, path })), location);
    });
  }
});

describe('toHttpsLocation', () => {
  it('keeps host, port, path and query', () => {
    assert.equal(toHttpsLocation(createRequestView({ authority: 'a:80', path: '/x?y' })), 'https://a/x?y');
    assert.equal(toHttpsLocation(createRequestView({ authority: 'a:8080' })), 'https://a:8080/');
  });
});
