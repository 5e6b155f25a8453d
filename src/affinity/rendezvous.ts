import { Hash64 } from './hash64.ts';
import { xxHash64 } from './xx-hash.ts';

/** What rendezvous hashing knows of a candidate: the hash of its identity. */
export class RendezvousSeat {
  readonly hi: number;
  readonly lo: number;

  /** `identity` is a byte string that stays the same while the candidate is the same. */
  constructor(identity: string) {
    xxHash64(identity, scratch);
    this.hi = scratch.hi;
    this.lo = scratch.lo;
  }
}

const scratch = new Hash64();
const TWO_53 = 9007199254740992;

/**
 * How much a key prefers a candidate (highest random weight, Thaler and Ravishankar): the candidate with the greatest
 * value owns the key. Values of different candidates are independent, so that only a changed candidate's keys move;
 * shares are proportional to `weight` (-weight / ln u, with u uniform in (0, 1)).
 */
export function rendezvousValue(key: Hash64, seat: RendezvousSeat, weight: number): number {
  scratch.set(key.hi ^ seat.hi, key.lo ^ seat.lo);
  // The finalizer of XXH64, so that one bit of difference changes all.
  scratch.xorShiftRight(33).multiply(0xc2b2ae3d | 0, 0x27d4eb4f | 0);
  scratch
    .xorShiftRight(29)
    .multiply(0x165667b1 | 0, 0x9e3779f9 | 0)
    .xorShiftRight(32);
  const bits = (scratch.hi >>> 0) * 2097152 + (scratch.lo >>> 11);
  return -weight / Math.log((bits + 0.5) / TWO_53);
}
