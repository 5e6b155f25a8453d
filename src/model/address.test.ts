import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalIp, formatAddress } from './address.ts';

describe('canonicalIp', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['10.0.0.1', '10.0.0.1'],
    ['010.0.0.1', null],
    ['10.0.0.256', null],
    ['10.0.0', null],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::FFFF:0102:0304', '::ffff:1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['1::2::3', null],
    [':::', null],
    ['1:2:3:4:5:6:7:8:9', null],
    ['12345::', null],
    ['fe80::1%eth0', null],
    ['1.2.3.4::', null],
    ['example.com', null],
    ['', null],
  ];
  for (const [text, expected] of cases) {
    it(`makes ${expected} of ${JSON.stringify(text)}`, () => assert.equal(canonicalIp(text), expected));
  }

  it('agrees with Node on what is an address, and changes nothing the second time', () => {
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '.', '::', '255'), maxLength: 16 }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const canonical = canonicalIp(text);
        assert.equal(canonical !== null, isIPv4(text) || isIPv6(text), text);
        if (canonical !== null) assert.equal(canonicalIp(canonical), canonical);
      }),
    );
  });
});

describe('formatAddress', () => {
  it('puts brackets around IPv6 and lowers names', () => {
    assert.equal(formatAddress('10.0.0.1', 80), '10.0.0.1:80');
    assert.equal(formatAddress('2001:DB8::0:1', 80), '[2001:db8::1]:80');
    assert.equal(formatAddress('Api.Example.net', 443), 'api.example.net:443');
  });
});
