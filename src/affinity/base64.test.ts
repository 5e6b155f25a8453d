import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from './base64.ts';

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString('latin1'));

describe('decodeBase64', () => {
  it('gives back what was encoded', () => {
    fc.assert(fc.property(bytes, (text) => assert.equal(decodeBase64(encodeBase64(text)), text)));
  });

  it('takes nothing but the one canonical text of some bytes', () => {
    const text = fc.string({
      unit: fc.constantFrom('A', 'Q', 'g', '/', '+', '=', '-', '_', ' ', '\n', '\xe9', '\u20ac'),
    });
    fc.assert(
      fc.property(text, (input) => {
        const decoded = decodeBase64(input);
        if (decoded !== null) assert.equal(encodeBase64(decoded), input);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every fault', () => {
    for (const text of [
      'Zg',
      'Zg=',
      'Zg===',
      'Zh==',
      'Zm9=',
      'Z===',
      '====',
      'Zm9v ',
      'Zm 9',
      'Zm-v',
      'Zm_v',
      'Zg==Zg==',
    ]) {
      assert.equal(decodeBase64(text), null, text);
    }
    assert.equal(decodeBase64('Zg=='), 'f');
    assert.equal(decodeBase64(''), '');
  });
});
