import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeSessionMessage, parseSessionMessage } from './session-message.ts';

const bytes = (...values: readonly number[]): string => Buffer.from(values).toString('latin1');
const ADDRESS = encodeSessionMessage('a:1', 0);

describe('encodeSessionMessage', () => {
  it('is the wire form, without an expiry of 0', () => {
    assert.equal(encodeSessionMessage('10.130.0.8:8080', 0), '\n\x0f10.130.0.8:8080');
    assert.equal(encodeSessionMessage('a:1', 300), `\n\x03a:1\x10${bytes(0xac, 0x02)}`);
  });

  it('comes back from the parser', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 300 }), fc.maxSafeNat(), (text, expires) => {
        const address = Buffer.from(text.toWellFormed(), 'utf8').toString('latin1');
        assert.deepEqual(parseSessionMessage(encodeSessionMessage(address, expires)), { address, expires });
      }),
    );
  });
});

describe('parseSessionMessage', () => {
  it('takes fields in any order, the last of each, and skips those it does not know', () => {
    const found = { address: 'a:1', expires: 5 };
    assert.deepEqual(parseSessionMessage(bytes(0x10, 5) + ADDRESS), found);
    assert.deepEqual(parseSessionMessage(`\n\x01x\x10\x07${ADDRESS}\x10\x05`), found);
    const unknown = [
      bytes(0x18, 0xff, 0x01),
      bytes(0x19, 1, 2, 3, 4, 5, 6, 7, 8),
      bytes(0x1a, 2, 9, 9),
      bytes(0x1d, 1, 2, 3, 4),
      bytes(0x1b, 0x08, 1, 0x23, 0x24, 0x1c),
      bytes(0x08, 1),
      bytes(0x12, 1, 5),
    ];
    for (const field of unknown) assert.deepEqual(parseSessionMessage(`${field + ADDRESS}\x10\x05`), found);
  });

  it('is empty for nothing', () => assert.deepEqual(parseSessionMessage(''), { address: '', expires: 0 }));

  it('has times of 2^63 and more in the past', () => {
    const highest = bytes(0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    assert.ok((parseSessionMessage(highest)?.expires ?? 0) < 0);
    const lower = bytes(0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40);
    assert.equal(parseSessionMessage(lower)?.expires, 2 ** 62);
  });

  it('refuses what is no message', () => {
    const faults = [
      bytes(0x0a, 3, 0x61),
      bytes(0x0a, 2, 0xff, 0xfe),
      bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f),
      bytes(0x10),
      bytes(0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0),
      bytes(0x98, 0x80, 0x80, 0x80, 0x80, 0, 1),
      bytes(0x02, 0),
      bytes(0x1e),
      bytes(0x1f),
      bytes(0x1c),
      bytes(0x1b, 0x08, 1),
      bytes(0x1b, 0x24),
      bytes(0x1d, 1, 2, 3),
    ];
    for (const fault of faults)
      assert.equal(parseSessionMessage(ADDRESS + fault), null, Buffer.from(fault).toString('hex'));
  });

  it('gives up on groups a hundred deep', () => {
    const nested = (depth: number): string => '\x1b'.repeat(depth) + '\x1c'.repeat(depth);
    assert.notEqual(parseSessionMessage(nested(100)), null);
    assert.equal(parseSessionMessage(nested(101)), null);
  });

  it('reads any bytes without fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
        parseSessionMessage(Buffer.from(array).toString('latin1'));
      }),
      { numRuns: 3000 },
    );
  });
});
