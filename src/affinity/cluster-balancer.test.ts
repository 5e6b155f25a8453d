import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  clusterOf,
  endpointAt,
  endpoints,
  groupOf,
  hostState,
  MAGLEV,
  RING,
  repeatableRandom,
} from '../../test/support/affinity.ts';
import { type Balancer, type Cluster, DEFAULT_HEALTH_POLICY, type Endpoint } from '../model/cluster.ts';
import type { PickTrace } from './chooser.ts';
import { type ClusterBalancer, createClusterBalancer } from './cluster-balancer.ts';
import { Hash64 } from './hash64.ts';
import type { HostState } from './host.ts';
import { xxHash64 } from './xx-hash.ts';

const states = new Map<string, HostState>();

function stateFor({ address }: Endpoint): HostState {
  const state = states.get(address) ?? hostState();
  states.set(address, state);
  return state;
}

function balancerOf(cluster: Cluster, previous?: ClusterBalancer<HostState>): ClusterBalancer<HostState> {
  if (previous === undefined) states.clear();
  return createClusterBalancer(cluster, { stateFor, random: repeatableRandom(), previous });
}

const trace: PickTrace = { candidates: 0, spilled: false };

function pick(balancer: ClusterBalancer<HostState>, key: string, labels: Record<string, string> | null = null): string {
  return balancer.hostSet(labels)?.pick(xxHash64(key, new Hash64()), 0, trace)?.address ?? 'nobody';
}

const BALANCERS: { readonly [kind in Balancer['kind']]: Balancer } = {
  ringHash: RING,
  maglev: MAGLEV,
  roundRobin: { kind: 'roundRobin', slowStart: null },
  leastRequest: { kind: 'leastRequest', choiceCount: 2, slowStart: null },
  random: { kind: 'random' },
};

const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`);

function picked(balancer: ClusterBalancer<HostState>, labels: Record<string, string> | null = null): Set<string> {
  return new Set(KEYS.map((key) => pick(balancer, key, labels)));
}

describe('ClusterBalancer', () => {
  it('finds hosts by their exact address text only', () => {
    const balancer = balancerOf(clusterOf(endpoints(3)));
    assert.equal(balancer.hostByAddress('10.0.0.2:80')?.index, 1);
    assert.equal(balancer.hostByAddress('10.0.0.2'), undefined);
  });

  it('gives a host of weight 0 no new work, in panic neither, and keeps its sessions', () => {
    const members = [...endpoints(2), endpointAt('10.0.9.9:80', { weight: 0 })];
    for (const kind of ['ringHash', 'maglev', 'roundRobin', 'leastRequest', 'random'] as const) {
      const balancer = balancerOf(clusterOf(members, { balancer: BALANCERS[kind] }));
      assert.equal(picked(balancer).has('10.0.9.9:80'), false, kind);
      for (const state of states.values()) state.failedActiveCheck = true;
      balancer.healthChanged();
      assert.deepEqual([...picked(balancer)].sort(), ['10.0.0.1:80', '10.0.0.2:80'], `${kind} in panic`);
      states.get('10.0.9.9:80')!.failedActiveCheck = false;
      assert.equal(balancer.mayKeepSession(balancer.hostByAddress('10.0.9.9:80')!), true, kind);
    }
    assert.equal(pick(balancerOf(clusterOf([endpointAt('10.0.9.9:80', { weight: 0 })])), 'any'), 'nobody');
  });

  it('leaves a host out from the pick after its health has changed, and takes it back', () => {
    const balancer = balancerOf(clusterOf(endpoints(4)));
    assert.equal(picked(balancer).has('10.0.0.3:80'), true);
    states.get('10.0.0.3:80')!.failedActiveCheck = true;
    balancer.healthChanged();
    assert.equal(picked(balancer).has('10.0.0.3:80'), false);
    assert.equal(trace.candidates, 3);
    states.get('10.0.0.3:80')!.failedActiveCheck = false;
    balancer.healthChanged();
    assert.equal(picked(balancer).has('10.0.0.3:80'), true);
  });

  it('gives no new work to draining hosts, unless all of them drain', () => {
    const [a, b] = endpoints(2);
    const draining = (endpoint: Endpoint): Endpoint => ({ ...endpoint, health: 'draining' });
    assert.deepEqual(picked(balancerOf(clusterOf([a!, draining(b!)]))), new Set([a!.address]));
    assert.equal(picked(balancerOf(clusterOf([draining(a!), draining(b!)]))).size, 2);
  });

  it('counts requests on across snapshots', () => {
    const before = balancerOf(clusterOf(endpoints(2)));
    before.activeRequests += 3;
    const after = balancerOf(clusterOf(endpoints(3)), before);
    before.activeRequests -= 1;
    assert.equal(after.activeRequests, 2);
  });

  it('takes over tables that have not changed, and only those', () => {
    const tableOf = (balancer: ClusterBalancer<HostState>) => balancer.hostSet(null)?.hashChoosers()[0]?.table;
    const before = balancerOf(clusterOf(endpoints(5), { balancer: MAGLEV }));
    before.warm();
    const same = balancerOf(clusterOf(endpoints(5), { balancer: { ...MAGLEV } }), before);
    assert.equal(tableOf(same), tableOf(before));
    assert.notEqual(tableOf(balancerOf(clusterOf(endpoints(4), { balancer: MAGLEV }), before)), tableOf(before));
    assert.notEqual(
      tableOf(balancerOf(clusterOf(endpoints(5), { balancer: { ...MAGLEV, tableSize: 1009 } }), before)),
      tableOf(before),
    );
    const heavier = endpoints(5).map((endpoint, index) => ({ ...endpoint, weight: index + 1 }));
    assert.notEqual(tableOf(balancerOf(clusterOf(heavier, { balancer: MAGLEV }), before)), tableOf(before));
  });

  it('serves priorities by their health', () => {
    const [a, b, c, d] = endpoints(4);
    const groups = [groupOf([a!, b!]), groupOf([c!, d!], { priority: 1 })];
    const balancer = balancerOf(clusterOf([], { groups }));
    assert.deepEqual([...picked(balancer)].sort(), [a!.address, b!.address]);
    states.get(a!.address)!.ejected = true;
    balancer.healthChanged();
    assert.deepEqual([...picked(balancer)].sort(), [b!.address, c!.address, d!.address]);
  });

  it('finds nobody without endpoints', () => {
    assert.equal(pick(balancerOf(clusterOf([])), 'key'), 'nobody');
    assert.equal(pick(balancerOf(clusterOf([], { balancer: { kind: 'random' } })), 'key'), 'nobody');
  });

  it('keeps sessions by the health that the cluster allows', () => {
    const draining = endpointAt('10.0.0.1:80', { health: 'draining' });
    const strict = balancerOf(clusterOf([draining]));
    assert.equal(strict.mayKeepSession(strict.hosts[0]!), false);
    const health = { ...DEFAULT_HEALTH_POLICY, sessionHealth: ['healthy', 'draining'] as const };
    const lenient = balancerOf(clusterOf([draining, endpointAt('10.0.0.2:80')], { health }));
    assert.deepEqual(
      lenient.hosts.map((host) => lenient.mayKeepSession(host)),
      [true, false],
    );
  });
});

describe('ClusterBalancer.hostSet', () => {
  const [a, b, c] = endpoints(3);
  const members = [
    { ...a!, labels: { version: 'v1', zone: 'x' } },
    { ...b!, labels: { version: 'v2', zone: 'x' } },
    { ...c!, labels: { version: 'v2' } },
  ];
  const selectors = [['version'], ['zone', 'version']];

  it('serves a subset from its own hosts', () => {
    const balancer = balancerOf(clusterOf(members, { subsets: { selectors, fallback: 'none' } }));
    assert.deepEqual([...picked(balancer, { version: 'v2' })].sort(), [b!.address, c!.address]);
    assert.deepEqual([...picked(balancer, { version: 'v2', zone: 'x' })], [b!.address]);
    assert.equal(picked(balancer).size, 3);
  });

  it('falls back where no selector or no host fits', () => {
    const none = balancerOf(clusterOf(members, { subsets: { selectors, fallback: 'none' } }));
    for (const labels of [{ version: 'v3' }, { zone: 'x' }, {}]) assert.equal(none.hostSet(labels), null);
    const any = balancerOf(clusterOf(members, { subsets: { selectors, fallback: 'any' } }));
    assert.equal(any.hostSet({ version: 'v3' }), any.hostSet(null));
  });

  it('follows the health of its hosts', () => {
    const balancer = balancerOf(clusterOf(members, { subsets: { selectors, fallback: 'none' } }));
    picked(balancer, { version: 'v2' });
    states.get(b!.address)!.ejected = true;
    balancer.healthChanged();
    assert.deepEqual([...picked(balancer, { version: 'v2' })], [c!.address]);
  });

  it('ignores labels on a cluster without subsets', () => {
    const balancer = balancerOf(clusterOf(members));
    assert.equal(balancer.hostSet({ version: 'v1' }), balancer.hostSet(null));
  });
});
