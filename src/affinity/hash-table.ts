import type { Hash64 } from './hash64.ts';

/** A compiled ring or Maglev table over a list of keys with weights. */
export interface HashTable {
  /**
   * Index of the key that owns `hash`, or -1 where the table is empty. `attempt` is 0 for a first pick and grows when a
   * retry wants another host (envoy-affinity §8.1).
   */
  lookup(hash: Hash64, attempt: number): number;
  /** Fewest and most entries that a key owns, as Envoy's gauges give them (envoy-affinity §4.8). */
  readonly minEntriesPerHost: number;
  readonly maxEntriesPerHost: number;
  /** Owner of every entry in order, for dumps and tests. */
  readonly owners: Uint32Array;
}

/** Smallest and largest number of `owners` entries per key. */
export function countOwners(owners: Uint32Array, keys: number): { min: number; max: number } {
  const counts = new Uint32Array(keys);
  for (const owner of owners) counts[owner]! += 1;
  let min = owners.length;
  let max = 0;
  for (const count of counts) {
    min = Math.min(min, count);
    max = Math.max(max, count);
  }
  return { min, max };
}
