import { ByteBlock } from './byte-block.ts';
import { countOwners, type HashTable } from './hash-table.ts';
import { Hash64 } from './hash64.ts';
import { sortLikeLibcxx } from './libcxx-sort.ts';
import { murmurHash2Bytes } from './murmur-hash.ts';
import { createRingEntries, hasEqualHashes, type RingEntries, sortRingEntries } from './ring-entries.ts';
import { xxHash64Bytes } from './xx-hash.ts';

export interface RingOptions {
  readonly minimumSize: number;
  readonly maximumSize: number;
  readonly hashFunction: 'xxHash' | 'murmurHash2';
}

/** A ketama-style ring: every key owns entries in proportion to its weight, a hash belongs to the next entry (envoy-affinity §4). */
export class RingTable implements HashTable {
  readonly owners: Uint32Array;
  /** What Envoy's gauge `size` shows: the size aimed at, not the number of entries (§4.8). */
  readonly nominalSize: number;
  readonly minEntriesPerHost: number;
  readonly maxEntriesPerHost: number;
  readonly #entries: RingEntries;

  constructor(entries: RingEntries, keys: number, nominalSize: number) {
    const { min, max } = countOwners(entries.owner, keys);
    this.#entries = entries;
    this.owners = entries.owner;
    this.nominalSize = nominalSize;
    this.minEntriesPerHost = min;
    this.maxEntriesPerHost = max;
  }

  /** The first entry at or above the hash, or entry 0; attempts count entries, not hosts (envoy-affinity §4.7). */
  lookup(hash: Hash64, attempt: number): number {
    const { hi, lo, owner } = this.#entries;
    const { length } = hi;
    if (length === 0) return -1;
    const wantedHi = hash.hi >>> 0;
    const wantedLo = hash.lo >>> 0;
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const middleHi = hi[middle]!;
      if (middleHi < wantedHi || (middleHi === wantedHi && lo[middle]! < wantedLo)) low = middle + 1;
      else high = middle;
    }
    return owner[(low + attempt) % length]!;
  }

  /** Hash of entry `index` in ascending order, written to `out`; for dumps and tests. */
  entryHash(index: number, out: Hash64): Hash64 {
    return out.set(this.#entries.hi[index] ?? 0, this.#entries.lo[index] ?? 0);
  }
}

/** Builds the ring of `keys` (byte strings) with normalised `weights` (envoy-affinity §4.2 to §4.6). */
export function compileRing(keys: readonly string[], weights: Float64Array, options: RingOptions): RingTable {
  const scale = ringScale(weights, options);
  const shares = countEntries(weights, scale);
  const entries = hashEntries(keys, shares, options.hashFunction);
  const sorted = sortRingEntries(entries);
  // Equal hashes come from equal keys only; then the first of them is whichever Envoy's unstable sort puts first.
  if (hasEqualHashes(sorted)) {
    sortLikeLibcxx(entries);
    return new RingTable(entries, keys.length, Math.ceil(scale));
  }
  return new RingTable(sorted, keys.length, Math.ceil(scale));
}

/** Entries that the ring aims at: as many as give the lightest host a whole number of them (envoy-affinity §4.2). */
function ringScale(weights: Float64Array, options: RingOptions): number {
  let smallest = 1;
  for (const weight of weights) smallest = Math.min(smallest, weight);
  return Math.min(Math.ceil(smallest * options.minimumSize) / smallest, options.maximumSize);
}

/** Entries per key: a running sum is rounded, not each share by itself, so neighbours make up for each other. */
function countEntries(weights: Float64Array, scale: number): Uint32Array {
  const shares = new Uint32Array(weights.length);
  let current = 0;
  let target = 0;
  for (let i = 0; i < weights.length; i++) {
    target += scale * weights[i]!;
    while (current < target) {
      shares[i]! += 1;
      current += 1;
    }
  }
  return shares;
}

/** Hashes `key_0`, `key_1`, ... of every key, counting the digits up in place. */
function hashEntries(
  keys: readonly string[],
  shares: Uint32Array,
  hashFunction: RingOptions['hashFunction'],
): RingEntries {
  const entries = createRingEntries(shares.reduce((sum, share) => sum + share, 0));
  const hashBytes = hashFunction === 'xxHash' ? xxHash64Bytes : murmurHash2Bytes;
  const block = new ByteBlock(256);
  const hash = new Hash64();
  let place = 0;
  for (let owner = 0; owner < keys.length; owner++) {
    const prefix = block.load(`${keys[owner]}_0000000000`) - 10;
    for (let i = 0; i < shares[owner]!; i++) {
      hashBytes(block.view, prefix + writeDecimal(block.bytes, prefix, i), hash);
      entries.hi[place] = hash.hi;
      entries.lo[place] = hash.lo;
      entries.owner[place] = owner;
      place++;
    }
  }
  return entries;
}

/** Writes `value` (below 10^10) in decimal and returns the number of digits. */
function writeDecimal(bytes: Uint8Array, offset: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let rest = value;
  for (let i = digits - 1; i >= 0; i--) {
    bytes[offset + i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return digits;
}
