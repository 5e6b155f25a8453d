import { spillOverload } from './bounded-load.ts';
import type { HashTable } from './hash-table.ts';
import type { Hash64 } from './hash64.ts';
import type { Host, HostState } from './host.ts';
import type { WeightedHosts } from './weighted-hosts.ts';

/** Requests in flight to a cluster, shared by all its snapshots. */
export interface ClusterLoad {
  activeRequests: number;
}

/** What balancers know of chance and time. */
export interface BalancerClock {
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Milliseconds that only ever grow. */
  readonly nowMillis: () => number;
}

/** Where a pick leaves what the decision record says about it. */
export interface PickTrace {
  /** Hosts that could have been chosen. */
  candidates: number;
  /** Bounded load moved the request off the host that the hash names. */
  spilled: boolean;
}

/** The last step of a pick: one host of a list. */
export interface Chooser<S extends HostState> {
  /** `attempt` is 0 for the first try and grows while a retry asks for another host (envoy-affinity §8.1). */
  choose(hash: Hash64, attempt: number, trace: PickTrace): Host<S> | null;
}

/** By the request's hash, within the load bound if there is one. */
export class HashChooser<S extends HostState> implements Chooser<S> {
  readonly weighted: WeightedHosts<S>;
  readonly table: HashTable;
  readonly #factorPercent: number;
  readonly #load: ClusterLoad;

  constructor(weighted: WeightedHosts<S>, table: HashTable, factorPercent: number, load: ClusterLoad) {
    this.weighted = weighted;
    this.table = table;
    this.#factorPercent = factorPercent;
    this.#load = load;
  }

  choose(hash: Hash64, attempt: number, trace: PickTrace): Host<S> | null {
    const { hosts } = this.weighted;
    trace.candidates = hosts.length;
    const index = this.table.lookup(hash, attempt);
    if (index < 0) return null;
    if (this.#factorPercent === 0) return hosts[index]!;
    const bounded = spillOverload(this.weighted, index, hash, this.#factorPercent, this.#load.activeRequests);
    trace.spilled = bounded !== index;
    return hosts[bounded]!;
  }
}
