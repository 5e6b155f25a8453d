import { type ClusterBalancer, createClusterBalancer } from '../../../src/affinity/cluster-balancer.ts';
import type { HostState } from '../../../src/affinity/host.ts';
import type { SelectionEnvironment } from '../../../src/affinity/selection.ts';
import { NO_LEDGER } from '../../../src/affinity/session-ledger.ts';
import { NO_MOVES } from '../../../src/affinity/strong/session-moves.ts';
import { parseCluster } from './envoy/cluster.ts';
import type { RecordedHosts } from './envoy/hosts.ts';

export type RecordedBalancer = ClusterBalancer<HostState>;

/** Random numbers that are the same in every run (mulberry32), so that a failure can be seen again. */
export function createRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 4294967296;
  };
}

export function createEnvironment(nowSeconds = 1_800_000_000): SelectionEnvironment {
  return { random: createRandom(), nowSeconds: () => nowSeconds, ledger: NO_LEDGER, moves: NO_MOVES };
}

export function createBalancer(
  name: string,
  config: unknown,
  hosts: RecordedHosts,
  assignmentPolicy?: unknown,
): RecordedBalancer {
  const cluster = parseCluster(name, config, hosts, assignmentPolicy);
  return createClusterBalancer(cluster, { stateFor: hosts.stateFor, random: createRandom() });
}
