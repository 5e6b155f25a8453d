import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Hash64 } from './hash64.ts';

const wide = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

function from(value: bigint): Hash64 {
  return new Hash64().set(Number(value >> 32n), Number(value & 0xffffffffn));
}

function toBigInt(hash: Hash64): bigint {
  return BigInt(`0x${hash.toHex()}`);
}

function checkPairs(step: (a: Hash64, b: Hash64) => Hash64, expected: (a: bigint, b: bigint) => bigint): void {
  fc.assert(
    fc.property(wide, wide, (a, b) => {
      assert.equal(toBigInt(step(from(a), from(b))), BigInt.asUintN(64, expected(a, b)));
    }),
  );
}

describe('Hash64', () => {
  it('adds as 64-bit numbers do', () =>
    checkPairs(
      (a, b) => a.add(b.hi, b.lo),
      (a, b) => a + b,
    ));

  it('multiplies as 64-bit numbers do', () =>
    checkPairs(
      (a, b) => a.multiply(b.hi, b.lo),
      (a, b) => a * b,
    ));

  it('combines by exclusive or', () =>
    checkPairs(
      (a, b) => a.xor(b),
      (a, b) => a ^ b,
    ));

  it('rotates left', () => {
    fc.assert(
      fc.property(wide, fc.integer({ min: 1, max: 31 }), (value, bits) => {
        const expected = BigInt.asUintN(64, (value << BigInt(bits)) | (value >> BigInt(64 - bits)));
        assert.equal(toBigInt(from(value).rotateLeft(bits)), expected);
      }),
    );
  });

  it('mixes its high bits into its low ones', () => {
    fc.assert(
      fc.property(wide, fc.integer({ min: 1, max: 63 }), (value, bits) => {
        assert.equal(toBigInt(from(value).xorShiftRight(bits)), value ^ (value >> BigInt(bits)));
      }),
    );
  });

  it('gives exact remainders by any 32-bit divisor', () => {
    fc.assert(
      fc.property(wide, fc.integer({ min: 1, max: 4_294_967_295 }), (value, divisor) => {
        assert.equal(from(value).remainder(divisor), Number(value % BigInt(divisor)));
      }),
    );
    assert.equal(from(2n ** 64n - 1n).remainder(4_294_967_296), 4_294_967_295);
  });

  it('prints 16 hex digits', () => assert.equal(from(0xabcn).toHex(), '0000000000000abc'));

  it('fills all its bits from a random source', () => {
    assert.equal(new Hash64().randomize(() => 0.999_999_999_9).toHex(), 'ffffffffffffffff');
    assert.equal(new Hash64().randomize(() => 0.5).toHex(), '8000000080000000');
  });
});
