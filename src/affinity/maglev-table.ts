import assert from 'node:assert/strict';
import { compareByteStrings } from './compare-bytes.ts';
import { countOwners, type HashTable } from './hash-table.ts';
import { Hash64 } from './hash64.ts';
import { xxHash64 } from './xx-hash.ts';

/** Largest table that Envoy accepts. */
const MAX_MAGLEV_TABLE_SIZE = 5_000_011;

const NO_OWNER = 0xffffffff;

/** True if `size` can be a Maglev table: prime, so that every host's walk reaches every slot, and 2 or more (envoy-affinity §5.1). */
export function isMaglevTableSize(size: number): boolean {
  if (!Number.isInteger(size) || size < 2 || size > MAX_MAGLEV_TABLE_SIZE) return false;
  for (let divisor = 2; divisor * divisor <= size; divisor++) if (size % divisor === 0) return false;
  return true;
}

/** Maglev's lookup table: every slot names its host, a hash belongs to slot `hash mod size` (envoy-affinity §5). */
export class MaglevTable implements HashTable {
  readonly owners: Uint32Array;
  readonly minEntriesPerHost: number;
  readonly maxEntriesPerHost: number;
  readonly #hash = new Hash64();
  readonly #mask = new Hash64();

  constructor(owners: Uint32Array, keys: number) {
    this.owners = owners;
    const { min, max } = countOwners(owners, keys);
    // With one host Envoy keeps no table and its gauges say 1 (§5.6).
    this.minEntriesPerHost = keys === 1 ? 1 : min;
    this.maxEntriesPerHost = keys === 1 ? 1 : max;
  }

  /** Attempts flip bits of the hash rather than walk on, so that they scatter (envoy-affinity §5.5). */
  lookup(hash: Hash64, attempt: number): number {
    const { owners } = this;
    if (owners.length === 0) return -1;
    if (attempt === 0) return owners[hash.remainder(owners.length)]!;
    // hash xor (2^64 - attempt), the two's complement of the attempt (§5.5)
    this.#mask.set(-1, -attempt);
    return owners[this.#hash.copy(hash).xor(this.#mask).remainder(owners.length)]!;
  }
}

/** Fills the table for `keys` (byte strings) with normalised `weights` (envoy-affinity §5.2 to §5.4). */
export function compileMaglev(keys: readonly string[], weights: Float64Array, tableSize: number): MaglevTable {
  assert(isMaglevTableSize(tableSize), `Maglev table size ${tableSize} is not a prime of 2..${MAX_MAGLEV_TABLE_SIZE}`);
  if (keys.length === 0) return new MaglevTable(new Uint32Array(0), 0);
  const walks = compileWalks(keys, weights, tableSize);
  const owners = new Uint32Array(tableSize).fill(NO_OWNER);
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, weight);
  let filled = 0;
  for (let iteration = 1; filled < tableSize; iteration++) {
    for (let i = 0; i < walks.length && filled < tableSize; i++) {
      const walk = walks[i]!;
      if (iteration * walk.weight < walk.target) continue;
      walk.target += largest;
      let slot = walk.position;
      while (owners[slot] !== NO_OWNER) slot = (slot + walk.skip) % tableSize;
      owners[slot] = walk.owner;
      walk.position = (slot + walk.skip) % tableSize;
      filled++;
    }
  }
  return new MaglevTable(owners, keys.length);
}

/** One host's way through the slots. */
interface Walk {
  readonly owner: number;
  readonly weight: number;
  readonly skip: number;
  position: number;
  /** The host waits until its weight has been counted up to this. */
  target: number;
}

/** Sorted by key, because who fills first takes first: the order of the configuration must not matter (§5.2). */
function compileWalks(keys: readonly string[], weights: Float64Array, tableSize: number): Walk[] {
  const hash = new Hash64();
  const one = new Hash64().set(0, 1);
  return keys
    .map((key, owner): Walk => {
      const position = xxHash64(key, hash).remainder(tableSize);
      const skip = xxHash64(key, hash, one).remainder(tableSize - 1) + 1;
      return { owner, weight: weights[owner]!, skip, position, target: 0 };
    })
    .sort((a, b) => compareByteStrings(keys[a.owner]!, keys[b.owner]!));
}
