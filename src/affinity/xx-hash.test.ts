import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Hash64 } from './hash64.ts';
import { xxHash64, xxHash64Bytes } from './xx-hash.ts';

const MASK = 2n ** 64n - 1n;
const [P1, P2, P3, P4, P5] = [
  11400714785074694791n,
  14029467366897019727n,
  1609587929392839161n,
  9650029242287828579n,
  2870177450012600261n,
] as const;

/** XXH64 as its specification writes it, in wide numbers: slow, and independent of the code under test. */
function referenceXxHash64(bytes: Buffer, seed: bigint): bigint {
  const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & MASK;
  const round = (lane: bigint, input: bigint): bigint => (rotate((lane + input * P2) & MASK, 31n) * P1) & MASK;
  let offset = 0;
  let hash = (seed + P5) & MASK;
  if (bytes.length >= 32) {
    const lanes = [seed + P1 + P2, seed + P2, seed, seed - P1].map((lane) => lane & MASK);
    for (; offset + 32 <= bytes.length; offset += 32) {
      for (const [i, lane] of lanes.entries()) lanes[i] = round(lane, bytes.readBigUInt64LE(offset + 8 * i));
    }
    const turns = [1n, 7n, 12n, 18n];
    hash = lanes.reduce((sum, lane, i) => (sum + rotate(lane, turns[i]!)) & MASK, 0n);
    for (const lane of lanes) hash = (((hash ^ round(0n, lane)) & MASK) * P1 + P4) & MASK;
  }
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; offset + 8 <= bytes.length; offset += 8) {
    hash = (rotate(hash ^ round(0n, bytes.readBigUInt64LE(offset)), 27n) * P1 + P4) & MASK;
  }
  if (offset + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(bytes.readUInt32LE(offset)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    offset += 4;
  }
  for (; offset < bytes.length; offset++)
    hash = (rotate(hash ^ ((BigInt(bytes[offset]!) * P5) & MASK), 11n) * P1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}

describe('xxHash64', () => {
  it('hashes nothing and one letter as published', () => {
    assert.equal(xxHash64('', new Hash64()).toHex(), 'ef46db3751d8e999');
    assert.equal(xxHash64('a', new Hash64()).toHex(), 'd24ec4f1a98c6e5b');
  });

  it('agrees with the specification for bytes of every length and every seed', () => {
    const bytes = fc.uint8Array({ maxLength: 150 });
    const seeds = fc.bigInt({ min: 0n, max: MASK });
    fc.assert(
      fc.property(bytes, seeds, (input, seed) => {
        const text = Buffer.from(input).toString('latin1');
        const start = new Hash64().set(Number(seed >> 32n), Number(seed & 0xffffffffn));
        const digest = xxHash64(text, new Hash64(), start).toHex();
        assert.equal(digest, referenceXxHash64(Buffer.from(input), seed).toString(16).padStart(16, '0'));
      }),
      { numRuns: 300 },
    );
  });

  it('may be seeded by the hash it writes to', () => {
    const hash = xxHash64('first', new Hash64());
    const expected = xxHash64('second', new Hash64(), new Hash64().copy(hash)).toHex();
    assert.equal(xxHash64('second', hash, hash).toHex(), expected);
  });

  it('hashes texts longer than its scratch block', () => {
    const text = 'x'.repeat(5000);
    const view = new DataView(new Uint8Array(Buffer.from(text)).buffer);
    assert.equal(xxHash64(text, new Hash64()).toHex(), xxHash64Bytes(view, 5000, new Hash64()).toHex());
  });
});
