import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  clusterOf,
  endpoints,
  groupOf,
  hostState,
  MAGLEV,
  RING,
  repeatableRandom,
} from '../../test/support/affinity.ts';
import type { Balancer, Cluster } from '../model/cluster.ts';
import { ClusterBalancer } from './cluster-balancer.ts';
import { Hash64 } from './hash64.ts';
import type { HostState } from './host.ts';

const BALANCERS: readonly Balancer[] = [
  RING,
  MAGLEV,
  { kind: 'random' },
  { kind: 'roundRobin', slowStart: null },
  { kind: 'leastRequest', choiceCount: 2, slowStart: null },
];
const DRAIN = { startedSeconds: 1_000, deadlineSeconds: 2_000, by: 'order' } as const;

function balancerOf(cluster: Cluster, nowSeconds = 1_500): ClusterBalancer<HostState> {
  return new ClusterBalancer<HostState>(cluster, {
    stateFor: () => hostState(),
    random: repeatableRandom(),
    nowSeconds: () => nowSeconds,
  });
}

function drain(balancer: ClusterBalancer<HostState>, ...indexes: readonly number[]): void {
  for (const index of indexes) balancer.hosts[index]!.state.drain = DRAIN;
  balancer.healthChanged();
}

/** The indexes of the hosts that many picks find. */
function picked(balancer: ClusterBalancer<HostState>): number[] {
  const random = repeatableRandom(7);
  const found = new Set<number>();
  for (let i = 0; i < 300; i++) {
    const host = balancer.hostSet(null)?.pick(new Hash64().randomize(random), 0, { candidates: 0, spilled: false });
    found.add(host?.index ?? -1);
  }
  return [...found].sort();
}

describe('hosts that were ordered to drain', () => {
  it('take no new work from any balancer, and serve if all drain', () => {
    for (const balancer of BALANCERS) {
      const hosts = balancerOf(clusterOf(endpoints(4), { balancer }));
      drain(hosts, 1, 2);
      assert.deepEqual(picked(hosts), [0, 3], balancer.kind);
      drain(hosts, 0, 3);
      assert.deepEqual(picked(hosts), [0, 1, 2, 3], balancer.kind);
    }
  });

  it('do not drive their priority into panic', () => {
    const hosts = balancerOf(clusterOf(endpoints(4)));
    drain(hosts, 0, 1);
    hosts.hosts[2]!.state.ejected = true;
    hosts.healthChanged();
    // Half of those that are left is not below the threshold of half; of all it would be a quarter.
    assert.deepEqual(picked(hosts), [3]);
  });

  it('serve where all others are unhealthy', () => {
    const hosts = balancerOf(clusterOf(endpoints(2)));
    drain(hosts, 0);
    hosts.hosts[1]!.state.ejected = true;
    hosts.healthChanged();
    assert.ok(picked(hosts).includes(0));
  });

  it('leave the work to the next priority where all of theirs drain', () => {
    const [a, b, c] = endpoints(3);
    const groups = [groupOf([a!, b!]), groupOf([c!], { priority: 1 })];
    const hosts = balancerOf(clusterOf([], { groups, balancer: { kind: 'random' } }));
    drain(hosts, 0, 1);
    assert.deepEqual(picked(hosts), [2]);
  });

  it('count for nothing in the share of their locality', () => {
    const [a, b, c] = endpoints(3);
    const zone = (name: string) => ({ region: '', zone: name, subZone: '' });
    const groups = [
      groupOf([a!, b!], { locality: zone('x'), weight: 1 }),
      groupOf([c!], { locality: zone('y'), weight: 1 }),
    ];
    const cluster = clusterOf([], { groups, balancer: { kind: 'random' } });
    const hosts = balancerOf({ ...cluster, health: { ...cluster.health, localityWeighted: true } });
    drain(hosts, 0);
    assert.deepEqual(picked(hosts), [1, 2]);
    drain(hosts, 1);
    assert.deepEqual(picked(hosts), [2]);
  });

  it('take new work again when the order is called off', () => {
    const hosts = balancerOf(clusterOf(endpoints(2)));
    drain(hosts, 0);
    assert.deepEqual(picked(hosts), [1]);
    hosts.hosts[0]!.state.drain = null;
    hosts.healthChanged();
    assert.deepEqual(picked(hosts), [0, 1]);
  });

  it('keep the sessions whose tokens name them until the deadline', () => {
    for (const [now, keeps] of [
      [1_999, true],
      [2_000, false],
    ] as const) {
      const hosts = balancerOf(clusterOf(endpoints(2)), now);
      drain(hosts, 0);
      assert.equal(hosts.mayKeepSession(hosts.hosts[0]!), keeps);
      assert.equal(hosts.mayKeepSession(hosts.hosts[1]!), true);
    }
  });
});
