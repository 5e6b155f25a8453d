const TWO_32 = 4294967296;

/** High 32 bits of the unsigned product of two 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/**
 * An unsigned 64-bit number that is worked on in place: an accumulator, so that hashing a request allocates nothing.
 * The halves are kept as signed 32-bit integers, which V8 stores without a heap number; read them with `>>> 0`.
 */
export class Hash64 {
  hi = 0;
  lo = 0;

  /** Both halves, signed or not. */
  set(hi: number, lo: number): this {
    this.hi = hi | 0;
    this.lo = lo | 0;
    return this;
  }

  copy(other: Hash64): this {
    this.hi = other.hi;
    this.lo = other.lo;
    return this;
  }

  xor(other: Hash64): this {
    this.hi ^= other.hi;
    this.lo ^= other.lo;
    return this;
  }

  add(hi: number, lo: number): this {
    const sum = (this.lo + lo) | 0;
    const carry = sum >>> 0 < lo >>> 0 ? 1 : 0;
    this.hi = (this.hi + hi + carry) | 0;
    this.lo = sum;
    return this;
  }

  /** The low 64 bits of the product. */
  multiply(hi: number, lo: number): this {
    const low = this.lo;
    this.hi = (multiplyHigh(low, lo) + Math.imul(this.hi, lo) + Math.imul(low, hi)) | 0;
    this.lo = Math.imul(low, lo);
    return this;
  }

  /** `bits` is 1..31. */
  rotateLeft(bits: number): this {
    const { hi, lo } = this;
    this.hi = (hi << bits) | (lo >>> (32 - bits));
    this.lo = (lo << bits) | (hi >>> (32 - bits));
    return this;
  }

  /** `this ^= this >>> bits`, `bits` 1..63. */
  xorShiftRight(bits: number): this {
    const { hi } = this;
    if (bits < 32) {
      this.lo ^= (this.lo >>> bits) | (hi << (32 - bits));
      this.hi ^= hi >>> bits;
    } else {
      this.lo ^= bits === 32 ? hi : hi >>> (bits - 32);
    }
    return this;
  }

  /** The number modulo `divisor`, an integer of 1..2^32: done 16 bits at a time, because doubles are exact to 2^53 only. */
  remainder(divisor: number): number {
    const low = this.lo >>> 0;
    let rest = (this.hi >>> 0) % divisor;
    rest = (rest * 65536 + (low >>> 16)) % divisor;
    return (rest * 65536 + (low & 0xffff)) % divisor;
  }

  /** Fills all 64 bits from `random`, a source of numbers in [0, 1). */
  randomize(random: () => number): this {
    return this.set(random() * TWO_32, random() * TWO_32);
  }

  /** 16 lower-case hex digits. */
  toHex(): string {
    return toHex32(this.hi) + toHex32(this.lo);
  }
}

function toHex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
