import type { Hash64 } from './hash64.ts';

/** A compiled ring or Maglev table over a list of keys with weights. */
export interface HashTable {
  /**
   * Index of the key that owns `hash`, or -1 where the table is empty. `attempt` is 0 for a first pick and grows when a
   * retry wants another one (envoy-affinity §8.1).
   */
  lookup(hash: Hash64, attempt: number): number;
  /** Sum over `lookup`'s answers per key, smallest and largest, as Envoy's gauges give them. */
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
