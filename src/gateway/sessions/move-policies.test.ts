import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
  buildSnapshot,
} from '../../../test/support/model-builder.ts';
import { countingRandom, strongSession } from '../../../test/support/strong-sessions.ts';
import { SessionTokens } from '../../affinity/token/session-tokens.ts';
import { NO_HEADER_OPS, type WeightedTarget } from '../../model/route.ts';
import { RuntimeCompiler } from '../runtime.ts';
import { movePoliciesOf } from './move-policies.ts';

const REBALANCE = { idleForMillis: 1_000, whenAbove: 1.25, maxPerMinute: 7 };

function targetOf(cluster: string, subset: Readonly<Record<string, string>> | null = null): WeightedTarget {
  const headers = { requestHeaders: NO_HEADER_OPS, responseHeaders: NO_HEADER_OPS };
  return { cluster, weight: 1, subset, hostRewrite: null, ...headers };
}

describe('movePoliciesOf', () => {
  it('has the policies whose sessions may move, with the hosts of all their targets, subsets first', () => {
    const endpoint = (port: number, version: string) =>
      buildEndpoint({ host: '127.0.0.1', port }, { labels: { version } });
    const subsets = { selectors: [['version']], fallback: 'none' } as const;
    const clusters = [
      { ...buildCluster('web', [endpoint(1, 'old'), endpoint(2, 'new')]), subsets },
      buildCluster('other', [endpoint(3, 'new')]),
    ];
    const forward = (policy: string, overrides: object, ...targets: readonly WeightedTarget[]) =>
      buildRoute(
        buildForward('', { targets, affinity: strongSession({ policy, rebalance: REBALANCE, ...overrides }) }),
      );
    const routes = [
      forward('cart', { maxSessionsPerEndpoint: 9 }, targetOf('web'), targetOf('other')),
      forward('cart', { maxSessionsPerEndpoint: 9 }, targetOf('web', { version: 'new' }), targetOf('gone')),
      forward('cart', { maxSessionsPerEndpoint: 9 }, targetOf('web')),
      forward('still', { rebalance: null }, targetOf('web')),
      forward('readable', { token: { kind: 'address' } }, targetOf('web')),
    ];
    const compiler = new RuntimeCompiler(Math.random, new SessionTokens(countingRandom()));
    const runtime = compiler.compile(buildSnapshot({ listeners: [buildListener(routes)], clusters }, 1), null);
    const policies = movePoliciesOf(runtime);
    assert.deepEqual(
      policies.map(({ policy, rebalance, pools }) => ({
        policy,
        rebalance,
        ports: pools.map(({ hosts }) => hosts.map(({ state }) => state.port)),
        candidates: pools.map(({ candidates }) => candidates().map(({ state }) => state.port)),
        caps: pools.map(({ cap }) => cap),
      })),
      [
        {
          policy: 'cart',
          rebalance: REBALANCE,
          ports: [[2], [1, 2], [3]],
          candidates: [[2], [1, 2], [3]],
          caps: [9, 9, 9],
        },
      ],
    );
  });
});
