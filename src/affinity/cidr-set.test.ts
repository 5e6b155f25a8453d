import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CidrSet } from './cidr-set.ts';

describe('CidrSet', () => {
  const ranges = new CidrSet([
    { address: '10.0.0.0', prefixLength: 8 },
    { address: '192.168.4.0', prefixLength: 22 },
    { address: '2001:db8:0:ff00::', prefixLength: 56 },
    { address: 'nonsense', prefixLength: 0 },
  ]);

  it('has the addresses of its ranges', () => {
    for (const text of ['10.0.0.0', '10.255.255.255', '192.168.7.255', '2001:db8:0:ff12::1']) {
      assert.equal(ranges.hasText(text), true, text);
    }
  });

  it('has no other, and nothing that is no address', () => {
    for (const text of ['11.0.0.0', '192.168.8.0', '2001:db8:0:fe00::', '::ffff:10.0.0.1', 'nonsense', '']) {
      assert.equal(ranges.hasText(text), false, text);
    }
  });

  it('has every address of a version with a prefix of 0', () => {
    const all = new CidrSet([{ address: '0.0.0.0', prefixLength: 0 }]);
    assert.deepEqual([all.hasText('255.1.2.3'), all.hasText('::1')], [true, false]);
  });
});
