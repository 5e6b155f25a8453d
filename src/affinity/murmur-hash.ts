import { ByteBlock } from './byte-block.ts';
import { Hash64 } from './hash64.ts';

// The constant of MurmurHash64A, and the seed that Envoy gives it.
const MULTIPLIER_HI = 0xc6a4a793 | 0;
const MULTIPLIER_LO = 0x5bd1e995 | 0;
const SEED = 0xc70f6907 | 0;

const block = new ByteBlock(512);
const word = new Hash64();

/** MurmurHash2 (64 bit, the std::hash variant with Envoy's seed) of a byte string, written to `out` (envoy-affinity §1.2). */
export function murmurHash2(text: string, out: Hash64): Hash64 {
  const length = block.load(text);
  return murmurHash2Bytes(block.view, length, out);
}

/** The same of the first `length` bytes of `view`. */
export function murmurHash2Bytes(view: DataView, length: number, out: Hash64): Hash64 {
  out.set(0, length).multiply(MULTIPLIER_HI, MULTIPLIER_LO);
  out.lo ^= SEED;
  let offset = 0;
  for (; offset + 8 <= length; offset += 8) {
    word.set(view.getInt32(offset + 4, true), view.getInt32(offset, true));
    word.multiply(MULTIPLIER_HI, MULTIPLIER_LO).xorShiftRight(47).multiply(MULTIPLIER_HI, MULTIPLIER_LO);
    out.xor(word).multiply(MULTIPLIER_HI, MULTIPLIER_LO);
  }
  if (offset < length) {
    // The rest is read as one little-endian number and, unlike a whole word, not mixed.
    word.set(readPartial(view, offset + 4, length), readPartial(view, offset, length));
    out.xor(word).multiply(MULTIPLIER_HI, MULTIPLIER_LO);
  }
  out.xorShiftRight(47).multiply(MULTIPLIER_HI, MULTIPLIER_LO);
  return out.xorShiftRight(47);
}

/** Up to four bytes from `offset`, little-endian; bytes at or behind `end` count as 0. */
function readPartial(view: DataView, offset: number, end: number): number {
  let value = 0;
  for (let i = 0; i < 4 && offset + i < end; i++) value |= view.getUint8(offset + i) << (8 * i);
  return value;
}
