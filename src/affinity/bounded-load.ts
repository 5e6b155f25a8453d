import type { Hash64 } from './hash64.ts';
import type { HostState } from './host.ts';
import { MersenneTwister } from './mersenne-twister.ts';
import type { WeightedHosts } from './weighted-hosts.ts';

const twister = new MersenneTwister();
let shuffle = new Uint32Array(64);

/**
 * Index of the host that takes the request which the hash gives to host `first`: that one, or, if it has more than its
 * bounded share, the first in a shuffle by the hash that has not, or the least loaded (envoy-affinity §6).
 * `clusterActive` counts all requests in flight to the cluster, before this one.
 */
export function spillOverload<S extends HostState>(
  weighted: WeightedHosts<S>,
  first: number,
  hash: Hash64,
  factorPercent: number,
  clusterActive: number,
): number {
  // 32-bit unsigned arithmetic, as in Envoy
  const slots = Math.floor(((((clusterActive + 1) * factorPercent) >>> 0) + 99) / 100);
  let least = overload(weighted, first, slots);
  if (least <= 1) return first;
  const { length } = weighted.hosts;
  if (shuffle.length < length) shuffle = new Uint32Array(length * 2);
  for (let i = 0; i < length; i++) shuffle[i] = i;
  twister.seed(hash.lo);
  let best = first;
  for (let i = 0; i < length; i++) {
    const j = i + twister.drawBelow(length - i);
    const candidate = shuffle[j]!;
    shuffle[j] = shuffle[i]!;
    shuffle[i] = candidate;
    if (candidate === first) continue;
    const load = overload(weighted, candidate, slots);
    if (load <= 1) return candidate;
    if (load < least) {
      least = load;
      best = candidate;
    }
  }
  return best;
}

/** Requests in flight over the host's share of `slots`; above 1 it is overloaded. */
function overload<S extends HostState>(weighted: WeightedHosts<S>, index: number, slots: number): number {
  const share = Math.max(Math.ceil(slots * weighted.weights[index]!), 1);
  return weighted.hosts[index]!.state.activeRequests / share;
}
