import type { HostState } from '../../src/affinity/host.ts';
import type { SelectionEnvironment } from '../../src/affinity/selection.ts';
import { NO_LEDGER } from '../../src/affinity/session-ledger.ts';
import { NO_MOVES } from '../../src/affinity/strong/session-moves.ts';
import {
  type Balancer,
  type Cluster,
  type ConsistentHashing,
  DEFAULT_HEALTH_POLICY,
  type Endpoint,
  type EndpointGroup,
  NO_CIRCUIT_BREAKERS,
  NO_LOCALITY,
  PLAIN_HTTP1,
} from '../../src/model/cluster.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { RequestView } from '../../src/model/request-view.ts';
import { createRequestView } from './request-view.ts';

export const NOWHERE: Origin = { source: 'test', kind: '', namespace: '', name: '', line: 1, column: 1, field: '' };

export const PLAIN_HASHING: ConsistentHashing = { useHostname: false, balanceFactorPercent: null, policies: [] };

export const RING: Extract<Balancer, { kind: 'ringHash' }> = {
  kind: 'ringHash',
  minimumSize: 1024,
  maximumSize: 8_388_608,
  hashFunction: 'xxHash',
  hashing: PLAIN_HASHING,
};

export const MAGLEV: Extract<Balancer, { kind: 'maglev' }> = {
  kind: 'maglev',
  tableSize: 65_537,
  hashing: PLAIN_HASHING,
};

/** An endpoint at `ip:port`. */
export function endpointAt(address: string, overrides: Partial<Endpoint> = {}): Endpoint {
  return {
    address,
    host: address.slice(0, address.lastIndexOf(':')),
    port: Number(address.slice(address.lastIndexOf(':') + 1)),
    identity: { uid: '', namespace: '', name: '' },
    hostname: '',
    hashKey: '',
    weight: 1,
    health: 'unknown',
    labels: {},
    origin: NOWHERE,
    ...overrides,
  };
}

/** `count` endpoints 10.0.0.1:80, 10.0.0.2:80, ... */
export function endpoints(count: number): Endpoint[] {
  return Array.from({ length: count }, (_, index) => endpointAt(`10.0.${index >> 8}.${(index & 255) + 1}:80`));
}

export function groupOf(members: readonly Endpoint[], overrides: Partial<EndpointGroup> = {}): EndpointGroup {
  return { locality: NO_LOCALITY, priority: 0, weight: null, endpoints: members, ...overrides };
}

/** A ring hash cluster of these endpoints, unless overridden. */
export function clusterOf(members: readonly Endpoint[], overrides: Partial<Cluster> = {}): Cluster {
  return {
    name: 'cluster',
    discovery: { kind: 'listed' },
    protocol: PLAIN_HTTP1,
    balancer: RING,
    balancerOrigin: null,
    groups: [groupOf(members)],
    health: DEFAULT_HEALTH_POLICY,
    circuitBreakers: NO_CIRCUIT_BREAKERS,
    retryBudget: null,
    healthChecks: [],
    outlierDetection: null,
    subsets: null,
    connectTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    maxRequestsPerConnection: null,
    origin: NOWHERE,
    ...overrides,
  };
}

export function hostState(overrides: Partial<HostState> = {}): HostState {
  return {
    activeRequests: 0,
    failedActiveCheck: false,
    degradedActiveCheck: false,
    ejected: false,
    healthySinceMillis: Number.NEGATIVE_INFINITY,
    liveSessions: 0,
    isCrowded: false,
    drain: null,
    ...overrides,
  };
}

/** Numbers in [0, 1) that are the same in every run (xorshift32). */
export function repeatableRandom(seed = 2463534242): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

export function selectionEnvironment(nowSeconds = 1_800_000_000): SelectionEnvironment {
  return { random: repeatableRandom(), nowSeconds: () => nowSeconds, ledger: NO_LEDGER, moves: NO_MOVES };
}

/** A request with these header lines (names in lower case, repeats allowed). */
export function requestWith(
  headers: readonly (readonly [name: string, value: string])[] = [],
  overrides: Partial<RequestView> = {},
): RequestView {
  return { ...createRequestView({ headers, path: overrides.path ?? '/' }), ...overrides };
}
