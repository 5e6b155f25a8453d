import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dnsNameProblem, gatewayHostnameProblem } from './host-names.ts';

describe('dnsNameProblem', () => {
  it('takes labels of letters, digits and inner hyphens', () => {
    for (const name of ['a', 'a.b', 'A-1.example.com', 'x'.repeat(63), 'a.b.'])
      assert.equal(dnsNameProblem(name), null, name);
  });

  it('refuses everything else', () => {
    for (const name of ['', '.', 'a..b', '-a', 'a-', 'a_b', 'a b', 'x'.repeat(64), 'a.'.repeat(130), '*', 'ü']) {
      assert.match(dnsNameProblem(name) ?? '', /must be a host name of/, name);
    }
    for (const name of ['a:80', 'https://a', 'a/b'])
      assert.match(dnsNameProblem(name) ?? '', /without scheme, port or path/, name);
  });

  it('is quick with a long name', () => assert.notEqual(dnsNameProblem(`${'a-'.repeat(1_000_000)}!`), null));
});

describe('gatewayHostnameProblem', () => {
  it('takes lower-case names, and a star alone in front', () => {
    for (const name of ['a.example.com', '*.example.com']) assert.equal(gatewayHostnameProblem(name), null, name);
    for (const name of ['A.example.com', '10.0.0.1', '*', '*a.b', 'a.*'])
      assert.notEqual(gatewayHostnameProblem(name), null, name);
  });
});
