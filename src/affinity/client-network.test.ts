import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toClientNetwork } from './client-network.ts';

describe('toClientNetwork', () => {
  const isSame = (a: string, b: string, v4 = 32, v6 = 64): boolean =>
    toClientNetwork(a, v4, v6) === toClientNetwork(b, v4, v6);

  it('keeps IPv4 clients apart by whole addresses and by prefixes', () => {
    assert.equal(isSame('10.0.0.1', '10.0.0.2'), false);
    assert.equal(isSame('10.0.0.1', '10.0.0.2', 24), true);
    assert.equal(isSame('10.0.0.1', '10.0.1.1', 24), false);
    assert.equal(isSame('255.255.255.255', '127.0.0.1', 0), true);
  });

  it('joins the addresses of one IPv6 network', () => {
    assert.equal(isSame('2001:db8:1:2::1', '2001:db8:1:2:ffff::9'), true);
    assert.equal(isSame('2001:db8:1:2::1', '2001:db8:1:3::1'), false);
    assert.equal(isSame('2001:db8:1:2::1', '2001:db8:1:2::2', 32, 128), false);
    assert.equal(isSame('2001:db8:1:2::1', '2001:db8:1:ff::2', 32, 56), true);
  });

  it('takes an IPv4-mapped address for the IPv4 address', () => {
    assert.equal(isSame('::ffff:10.0.0.1', '10.0.0.1'), true);
  });

  it('takes other text as it is', () => assert.equal(toClientNetwork('pipe', 24, 64), 'pipe'));
});
