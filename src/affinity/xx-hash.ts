import { ByteBlock } from './byte-block.ts';
import { Hash64 } from './hash64.ts';

// The five primes of XXH64, as halves.
const P1_HI = 0x9e3779b1 | 0;
const P1_LO = 0x85ebca87 | 0;
const P2_HI = 0xc2b2ae3d | 0;
const P2_LO = 0x27d4eb4f | 0;
const P3_HI = 0x165667b1 | 0;
const P3_LO = 0x9e3779f9 | 0;
const P4_HI = 0x85ebca77 | 0;
const P4_LO = 0xc2b2ae63 | 0;
const P5_HI = 0x27d4eb2f | 0;
const P5_LO = 0x165667c5 | 0;

// Scratch space: hashing is synchronous, so that one of each is enough.
const NO_SEED = new Hash64();
const block = new ByteBlock(512);
const word = new Hash64();
const lanes = [new Hash64(), new Hash64(), new Hash64(), new Hash64()] as const;

/** XXH64 of a byte string, written to `out`; `seed` may be `out` itself (envoy-affinity §1.1). */
export function xxHash64(text: string, out: Hash64, seed: Hash64 = NO_SEED): Hash64 {
  const length = block.load(text);
  return xxHash64Bytes(block.view, length, out, seed);
}

/** XXH64 of the first `length` bytes of `view`, written to `out`; `seed` may be `out` itself. */
export function xxHash64Bytes(view: DataView, length: number, out: Hash64, seed: Hash64 = NO_SEED): Hash64 {
  let offset = 0;
  if (length >= 32) {
    offset = hashStripes(view, length, out, seed);
  } else {
    out.copy(seed).add(P5_HI, P5_LO);
  }
  out.add(0, length);
  for (; offset + 8 <= length; offset += 8) {
    mixWord(word.set(view.getInt32(offset + 4, true), view.getInt32(offset, true)));
    out.xor(word).rotateLeft(27).multiply(P1_HI, P1_LO).add(P4_HI, P4_LO);
  }
  if (offset + 4 <= length) {
    word.set(0, view.getInt32(offset, true)).multiply(P1_HI, P1_LO);
    out.xor(word).rotateLeft(23).multiply(P2_HI, P2_LO).add(P3_HI, P3_LO);
    offset += 4;
  }
  for (; offset < length; offset++) {
    word.set(0, view.getUint8(offset)).multiply(P5_HI, P5_LO);
    out.xor(word).rotateLeft(11).multiply(P1_HI, P1_LO);
  }
  // the final avalanche
  out.xorShiftRight(33).multiply(P2_HI, P2_LO);
  out.xorShiftRight(29).multiply(P3_HI, P3_LO);
  return out.xorShiftRight(32);
}

/** Runs the four lanes over all whole 32-byte stripes, merges them into `out` and returns the offset behind them. */
function hashStripes(view: DataView, length: number, out: Hash64, seed: Hash64): number {
  const [a, b, c, d] = lanes;
  a.copy(seed).add(P1_HI, P1_LO).add(P2_HI, P2_LO);
  b.copy(seed).add(P2_HI, P2_LO);
  c.copy(seed);
  // seed - P1, as seed + ~P1 + 1
  d.copy(seed).add(~P1_HI, ~P1_LO).add(0, 1);
  let offset = 0;
  for (; offset + 32 <= length; offset += 32) {
    mixLane(a, view, offset);
    mixLane(b, view, offset + 8);
    mixLane(c, view, offset + 16);
    mixLane(d, view, offset + 24);
  }
  out.copy(a).rotateLeft(1);
  word.copy(b).rotateLeft(7);
  out.add(word.hi, word.lo);
  word.copy(c).rotateLeft(12);
  out.add(word.hi, word.lo);
  word.copy(d).rotateLeft(18);
  out.add(word.hi, word.lo);
  for (const lane of lanes) {
    out
      .xor(mixWord(word.copy(lane)))
      .multiply(P1_HI, P1_LO)
      .add(P4_HI, P4_LO);
  }
  return offset;
}

/** The round of XXH64 on an empty lane. */
function mixWord(value: Hash64): Hash64 {
  return value.multiply(P2_HI, P2_LO).rotateLeft(31).multiply(P1_HI, P1_LO);
}

/** The round of XXH64: eight bytes into one of the four lanes. */
function mixLane(lane: Hash64, view: DataView, offset: number): void {
  word.set(view.getInt32(offset + 4, true), view.getInt32(offset, true)).multiply(P2_HI, P2_LO);
  lane.add(word.hi, word.lo).rotateLeft(31).multiply(P1_HI, P1_LO);
}
