import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalIp, formatAddress, parseIpAddress } from './address.ts';

describe('canonicalIp', () => {
  const cases: readonly (readonly [text: string, canonical: string | null])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['192.0.2.01', null],
    ['192.0.2', null],
    ['192.0.2.256', null],
    ['192.0.2.1.5', null],
    ['1.2.3.4 ', null],
    ['', null],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:db8:0:1::', '2001:db8:0:1::'],
    ['fe80:0:0:1:0:0:0:1', 'fe80:0:0:1::1'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::ffff:102:304', '::ffff:1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['1:2:3:4:5:6:7:8:9', null],
    ['1::2::3', null],
    ['12345::', null],
    ['::1.2.3.4:5', null],
    ['[::1]', null],
    ['fe80::1%eth0', null],
    [':', null],
  ];
  for (const [text, canonical] of cases) {
    it(`reads ${JSON.stringify(text)} as ${canonical}`, () => assert.equal(canonicalIp(text), canonical));
  }

  it('takes what is an address and nothing else, and keeps what is canonical', () => {
    const pieces = fc.constantFrom('0', '1', 'ff', 'ABCD', '00', '256', '12345', ':', '::', '.', '1.2.3.4', 'g');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          fc.ipV6(),
          fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
        ),
        (text) => {
          const canonical = canonicalIp(text);
          assert.equal(canonical !== null, isIPv4(text) || isIPv6(text), text);
          if (canonical === null) return;
          assert.equal(canonicalIp(canonical), canonical);
          assert.deepEqual(parseIpAddress(canonical), parseIpAddress(text));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('formatAddress', () => {
  it('puts IPv6 into brackets, in canonical form', () => {
    assert.equal(formatAddress('192.0.2.1', 80), '192.0.2.1:80');
    assert.equal(formatAddress('2001:DB8::0:1', 80), '[2001:db8::1]:80');
  });

  it('prints a name in lower case', () => assert.equal(formatAddress('Pod-1.Example', 80), 'pod-1.example:80'));
});
