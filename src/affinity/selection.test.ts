import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  clusterOf,
  endpointAt,
  endpoints,
  hostState,
  repeatableRandom,
  requestWith,
  selectionEnvironment,
} from '../../test/support/affinity.ts';
import type { Affinity, CookieSpec, HashPolicy, OnLost, SessionCarrier } from '../model/affinity.ts';
import { type Cluster, DEFAULT_HEALTH_POLICY } from '../model/cluster.ts';
import type { DecisionRecord } from '../model/decision.ts';
import type { RequestView } from '../model/request-view.ts';
import { type ForwardAction, NO_HEADER_OPS, type RetryPolicy, type WeightedTarget } from '../model/route.ts';
import { encodeBase64 } from './base64.ts';
import { createClusterBalancer } from './cluster-balancer.ts';
import { compileForward, type ForwardPlan } from './forward-plan.ts';
import type { Host, HostState } from './host.ts';
import { Selection } from './selection.ts';
import { encodeSessionMessage } from './session-message.ts';

const COOKIE: CookieSpec = { name: 'sid', ttlMillis: 0, path: '', attributes: [] };
const BY_HEADER: readonly HashPolicy[] = [{ kind: 'header', name: 'x-key', rewrite: null, terminal: false }];
const BY_COOKIE: readonly HashPolicy[] = [{ kind: 'cookie', cookie: COOKIE, terminal: false }];
const REHOME: OnLost = { kind: 'rehome' };
const FAIL: OnLost = { kind: 'fail', unknownStatus: 410, refusedStatus: 503 };

const KEYED = requestWith([['x-key', 'k']]);
const NO_HEAD = requestWith();

function target(cluster: string, weight = 1, subset: WeightedTarget['subset'] = null): WeightedTarget {
  return { cluster, weight, subset, hostRewrite: null, requestHeaders: NO_HEADER_OPS, responseHeaders: NO_HEADER_OPS };
}

function hashing(policies: readonly HashPolicy[]): Affinity {
  return { kind: 'hash', policies };
}

function session(carrier: SessionCarrier, onLost = REHOME, fallback = BY_HEADER): Affinity {
  return { kind: 'session', session: { carriers: [carrier], token: { kind: 'address' }, onLost }, fallback };
}

const COOKIE_SESSION: SessionCarrier = { kind: 'cookie', cookie: { ...COOKIE, name: 'sess' } };

function retrying(retries: number, avoidPreviousHosts: boolean, hostSelectionAttempts = 5): RetryPolicy {
  return {
    on: ['5xx'],
    retries,
    statusCodes: [],
    perTryTimeoutMillis: null,
    backoffBaseMillis: 25,
    backoffMaxMillis: 250,
    avoidPreviousHosts,
    avoidPreviousPriorities: false,
    hostSelectionAttempts,
  };
}

function planOf(
  affinity: Affinity,
  clusters: readonly Cluster[],
  overrides: Partial<ForwardAction> = {},
): ForwardPlan<HostState> {
  const balancers = clusters.map((cluster) =>
    createClusterBalancer(cluster, { stateFor: () => hostState(), random: repeatableRandom() }),
  );
  const action: ForwardAction = {
    kind: 'forward',
    targets: clusters.map(({ name }) => target(name)),
    emptyStatus: 500,
    targetByHash: false,
    affinity,
    affinityOrigin: null,
    timeoutMillis: null,
    retry: null,
    pathRewrite: null,
    hostRewrite: null,
    mirrors: [],
    cors: null,
    fault: null,
    idleTimeoutMillis: null,
    ...overrides,
  };
  return compileForward(action, (name) => balancers.find((balancer) => balancer.cluster.name === name));
}

function select(
  plan: ForwardPlan<HostState>,
  request: RequestView,
  environment = selectionEnvironment(),
): Selection<HostState> {
  return new Selection(plan, request, environment);
}

/** Target and first host. */
function start(plan: ForwardPlan<HostState>, request: RequestView) {
  const selection = select(plan, request);
  selection.chooseTarget();
  return { selection, host: selection.next() };
}

function token(address: string, expires = 0): string {
  return encodeBase64(encodeSessionMessage(address, expires));
}

function withSession(address: string, expires = 0): RequestView {
  return requestWith([
    ['x-key', 'k'],
    ['cookie', `sess=${token(address, expires)}`],
  ]);
}

function record(selection: Selection<HostState>): Pick<DecisionRecord, 'mode' | 'keySource' | 'token' | 'reason'> {
  const { mode, keySource, token: outcome, reason } = selection;
  return { mode, keySource, token: outcome, reason };
}

describe('a route with a hash', () => {
  it('takes a key to its host, and says why', () => {
    const plan = planOf(hashing(BY_HEADER), [clusterOf(endpoints(5))]);
    const { selection, host } = start(plan, KEYED);
    assert.equal(start(plan, KEYED).host, host);
    assert.equal(selection.chosen, host?.address);
    assert.deepEqual([selection.cluster, selection.candidates, selection.generated], ['cluster', 5, false]);
    assert.deepEqual(record(selection), { mode: 'hash', keySource: 'header:x-key', token: 'none', reason: 'hash' });
  });

  it('draws at random without a key', () => {
    const plan = planOf(hashing(BY_HEADER), [clusterOf(endpoints(5))]);
    const environment = selectionEnvironment();
    const picked = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const selection = select(plan, NO_HEAD, environment);
      selection.chooseTarget();
      selection.next();
      picked.add(selection.chosen);
      assert.equal(selection.reason, 'random');
    }
    assert.ok(picked.size > 2);
  });

  it('makes up a cookie and sends it if a host answers', () => {
    const plan = planOf(hashing(BY_COOKIE), [clusterOf(endpoints(5))]);
    const { selection, host } = start(plan, NO_HEAD);
    assert.equal(selection.generated, true);
    const [edit, ...rest] = selection.responseEdits(host, NO_HEAD);
    assert.equal(rest.length, 0);
    assert.deepEqual([edit?.op, edit?.name], ['append', 'set-cookie']);
    const value = /^sid="([0-9a-f]{16})"; HttpOnly$/.exec(edit?.value ?? '')?.[1];
    assert.equal(start(plan, requestWith([['cookie', `sid=${value}`]])).host, host);
    assert.deepEqual(selection.responseEdits(null, NO_HEAD), []);
  });

  it('never asks for a key where the balancer does not hash', () => {
    const cluster = clusterOf(endpoints(3), { balancer: { kind: 'roundRobin', slowStart: null } });
    const { selection } = start(planOf(hashing(BY_COOKIE), [cluster]), NO_HEAD);
    assert.deepEqual(record(selection), { mode: 'none', keySource: '', token: 'none', reason: 'balancer' });
    assert.equal(selection.generated, false);
  });

  it("gives way to the cluster's own policies, even where they yield nothing", () => {
    const ring = clusterOf([]).balancer;
    assert.ok(ring.kind === 'ringHash');
    const own: HashPolicy[] = [{ kind: 'query', name: 'k', terminal: false }];
    const cluster = clusterOf(endpoints(4), { balancer: { ...ring, hashing: { ...ring.hashing, policies: own } } });
    assert.equal(start(planOf(hashing(BY_HEADER), [cluster]), KEYED).selection.reason, 'random');
  });

  it('says when bounded load moved a request', () => {
    const ring = clusterOf([]).balancer;
    assert.ok(ring.kind === 'ringHash');
    const cluster = clusterOf(endpoints(3), {
      balancer: { ...ring, hashing: { ...ring.hashing, balanceFactorPercent: 100 } },
    });
    const plan = planOf(hashing(BY_HEADER), [cluster]);
    const first = start(plan, KEYED).host;
    first!.state.activeRequests = 10;
    const { selection, host } = start(plan, KEYED);
    assert.notEqual(host, first);
    assert.equal(selection.reason, 'hash-spilled');
  });

  it('finds no host in an empty cluster, nor in one that is not there', () => {
    const empty = start(planOf(hashing(BY_HEADER), [clusterOf([])]), KEYED);
    assert.deepEqual([empty.host, empty.selection.failStatus, empty.selection.reason], [null, 503, 'no-endpoint']);
    const missing = start(planOf(hashing(BY_HEADER), [], { targets: [target('gone')] }), KEYED);
    assert.deepEqual([missing.host, missing.selection.failStatus], [null, 503]);
  });
});

describe('weighted targets', () => {
  const clusters = ['a', 'b', 'c'].map((name, index) => clusterOf([endpointAt(`10.0.${index}.1:80`)], { name }));
  const weights = [target('a', 1), target('b', 3), target('c', 0)];

  it('are drawn by weight', () => {
    const plan = planOf(hashing([]), clusters, { targets: weights });
    const environment = selectionEnvironment();
    const counts = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      const selection = select(plan, NO_HEAD, environment);
      counts.set(selection.chooseTarget()?.target.cluster ?? '', (counts.get(selection.cluster) ?? 0) + 1);
    }
    assert.deepEqual([...counts.keys()].sort(), ['a', 'b']);
    assert.ok(Math.abs((counts.get('a') ?? 0) - 500) < 100);
  });

  it('are drawn by the hash if so configured, and no cookie is made up for that', () => {
    const plan = planOf(hashing(BY_HEADER), clusters, { targets: weights, targetByHash: true });
    const drawn = new Set(Array.from({ length: 20 }, () => select(plan, KEYED).chooseTarget()?.index));
    assert.equal(drawn.size, 1);
    const generating = select(planOf(hashing(BY_COOKIE), clusters, { targets: weights, targetByHash: true }), NO_HEAD);
    generating.chooseTarget();
    assert.equal(generating.generated, false);
    generating.next();
    assert.equal(generating.generated, true);
  });

  it('without any weight are answered as the route says', () => {
    for (const targets of [[], [target('a', 0)]]) {
      const selection = select(planOf(hashing([]), clusters, { targets }), NO_HEAD);
      assert.equal(selection.chooseTarget(), null);
      assert.deepEqual([selection.failStatus, selection.reason, selection.next()], [500, 'no-target', null]);
    }
  });

  it('keep a session on its side, even at weight 0', () => {
    const plan = planOf(session(COOKIE_SESSION), clusters, { targets: weights });
    const { selection, host } = start(plan, withSession('10.0.2.1:80'));
    assert.deepEqual([selection.cluster, host?.address], ['c', '10.0.2.1:80']);
    assert.deepEqual(record(selection), { mode: 'session', keySource: '', token: 'used', reason: 'token' });
  });

  it('keep a session in the subset that has its host, of targets in one cluster', () => {
    const [a, b] = endpoints(2);
    const members = [
      { ...a!, labels: { v: '1' } },
      { ...b!, labels: { v: '2' } },
    ];
    const cluster = clusterOf(members, { subsets: { selectors: [['v']], fallback: 'none' } });
    const targets = [target('cluster', 1, { v: '1' }), target('cluster', 1, { v: '2' })];
    const plan = planOf(session(COOKIE_SESSION), [cluster], { targets });
    assert.equal(select(plan, withSession(b!.address)).chooseTarget()?.index, 1);
    const single = planOf(session(COOKIE_SESSION), [cluster], { targets: [targets[0]!] });
    assert.equal(start(single, withSession(b!.address)).host?.address, b!.address);
  });
});

describe('a session', () => {
  const members = [
    endpointAt('10.0.0.1:80', { health: 'healthy' }),
    endpointAt('10.0.0.2:80', { health: 'unhealthy' }),
    endpointAt('10.0.0.3:80', { health: 'draining' }),
    endpointAt('10.0.0.4:80', { health: 'degraded' }),
    endpointAt('10.0.0.5:80'),
  ];
  const cluster = clusterOf(members);
  const plan = planOf(session(COOKIE_SESSION), [cluster]);

  it('goes to its host as long as that may serve, and tells the client nothing new', () => {
    for (const address of ['10.0.0.1:80', '10.0.0.4:80', '10.0.0.5:80']) {
      const { selection, host } = start(plan, withSession(address));
      assert.deepEqual([host?.address, selection.candidates], [address, 1]);
      assert.deepEqual(selection.responseEdits(host, NO_HEAD), []);
    }
  });

  it('moves where its host may not serve or is gone, and tells the client', () => {
    const outcomes = {
      '10.0.0.2:80': 'refused-endpoint',
      '10.0.0.3:80': 'refused-endpoint',
      '9.9.9.9:1': 'unknown-endpoint',
    };
    for (const [address, outcome] of Object.entries(outcomes)) {
      const { selection, host } = start(plan, withSession(address));
      assert.deepEqual([selection.token, selection.reason], [outcome, 'hash']);
      const value = `sess="${token(host!.address)}"; HttpOnly`;
      assert.deepEqual(selection.responseEdits(host, NO_HEAD), [{ op: 'append', name: 'set-cookie', value }]);
    }
  });

  it('stays at a draining host where the cluster says so', () => {
    const health = { ...DEFAULT_HEALTH_POLICY, sessionHealth: ['healthy', 'draining'] as const };
    const draining = planOf(session(COOKIE_SESSION), [clusterOf(members, { health })]);
    assert.equal(start(draining, withSession('10.0.0.3:80')).host?.address, '10.0.0.3:80');
  });

  it('fails where it is lost and must not move, with the status of its reason', () => {
    const strict = planOf(session(COOKIE_SESSION, FAIL), [cluster]);
    for (const [address, status] of [
      ['9.9.9.9:1', 410],
      ['10.0.0.2:80', 503],
    ] as const) {
      const selection = select(strict, withSession(address));
      assert.equal(selection.chooseTarget(), null);
      assert.deepEqual([selection.failStatus, selection.reason, selection.next()], [status, 'session-lost', null]);
      assert.deepEqual(selection.responseEdits(null, NO_HEAD), []);
    }
    assert.notEqual(start(strict, KEYED).host, null);
  });

  it('begins with a token of the host that answered', () => {
    const { selection, host } = start(plan, KEYED);
    assert.equal(selection.token, 'absent');
    assert.equal(selection.responseEdits(host, NO_HEAD).length, 1);
    assert.deepEqual(selection.responseEdits(null, NO_HEAD), []);
  });

  it('ends when its time is over', () => {
    assert.equal(start(plan, withSession('10.0.0.1:80', 1_800_000_000)).selection.token, 'used');
    assert.equal(start(plan, withSession('10.0.0.1:80', 1_799_999_999)).selection.token, 'expired');
  });

  it('has the end of its time in the token', () => {
    const lasting = planOf(session({ kind: 'cookie', cookie: { ...COOKIE, ttlMillis: 60_500 } }), [cluster]);
    const { selection, host } = start(lasting, KEYED);
    const value = `sid="${token(host!.address, 1_800_000_060)}"; Max-Age=60; HttpOnly`;
    assert.equal(selection.responseEdits(host, NO_HEAD)[0]?.value, value);
  });

  it('does not exist outside the path of its cookie', () => {
    const pathed = planOf(session({ kind: 'cookie', cookie: { ...COOKIE, name: 'sess', path: '/shop' } }), [cluster]);
    const at = (originalPath: string): RequestView => ({
      ...withSession('10.0.0.4:80'),
      originalPath,
      path: '/rewritten',
    });
    for (const path of ['/shop', '/shop/', '/shop/cart', '/shop?x']) {
      assert.equal(start(pathed, at(path)).selection.token, 'used', path);
    }
    for (const path of ['/', '/shopping', '/Shop', '/shop%2f']) {
      const { selection, host } = start(pathed, at(path));
      assert.deepEqual([selection.mode, selection.responseEdits(host, NO_HEAD)], ['hash', []], path);
    }
  });

  it('travels in a header of its own', () => {
    const headed = planOf(session({ kind: 'header', name: 'X-Session' }), [cluster]);
    const request = requestWith([['x-session', encodeBase64('10.0.0.4:80')]]);
    assert.equal(start(headed, request).host?.address, '10.0.0.4:80');
    const { selection, host } = start(headed, KEYED);
    const edit = { op: 'set', name: 'x-session', value: encodeBase64(host!.address) };
    assert.deepEqual(selection.responseEdits(host, NO_HEAD), [edit]);
  });

  it("travels around the application's own header", () => {
    const enveloped = planOf(session({ kind: 'envelope', header: 'mcp-session-id' }), [cluster]);
    const wrapped = (address: string, value: string): string => `${encodeBase64(address)};UV:${encodeBase64(value)}`;
    const { selection, host } = start(enveloped, requestWith([['mcp-session-id', wrapped('10.0.0.4:80', 'theirs')]]));
    assert.equal(host?.address, '10.0.0.4:80');
    assert.deepEqual(selection.requestEdits, [{ op: 'set', name: 'mcp-session-id', value: 'theirs' }]);
    const answer = requestWith([['mcp-session-id', 'next']]);
    const value = wrapped('10.0.0.4:80', 'next');
    assert.deepEqual(selection.responseEdits(host, answer), [{ op: 'set', name: 'mcp-session-id', value }]);
    assert.deepEqual(
      selection.responseEdits(
        host,
        requestWith([
          ['mcp-session-id', 'a'],
          ['mcp-session-id', 'b'],
        ]),
      ),
      [],
    );
    const bare = start(enveloped, requestWith([['mcp-session-id', 'theirs']])).selection;
    assert.deepEqual([bare.requestEdits, bare.token], [[], 'absent']);
  });

  it('survives the round trip of its token, whatever the address', () => {
    const addresses = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }));
    fc.assert(
      fc.property(fc.array(addresses, { minLength: 1, maxLength: 6 }), fc.string({ maxLength: 5 }), (list, key) => {
        const hosts = list.map(([ip, port]) => endpointAt(ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`));
        const random = planOf(session(COOKIE_SESSION), [clusterOf(hosts)]);
        const { selection, host } = start(random, requestWith([['x-key', key]]));
        const line = selection.responseEdits(host, NO_HEAD)[0]?.value ?? '';
        const back = requestWith([['cookie', line.slice(0, line.indexOf(';'))]]);
        assert.equal(start(random, back).host?.address, host?.address);
      }),
      { numRuns: 50 },
    );
  });
});

describe('retries', () => {
  function tries(plan: ForwardPlan<HostState>, request: RequestView, count: number): (Host<HostState> | null)[] {
    const selection = select(plan, request);
    selection.chooseTarget();
    return Array.from({ length: count }, () => selection.next());
  }

  it('go to the same host again unless told to avoid those tried', () => {
    const plan = planOf(hashing(BY_HEADER), [clusterOf(endpoints(5))], { retry: retrying(2, false) });
    assert.equal(new Set(tries(plan, KEYED, 3)).size, 1);
  });

  it('go to other hosts, and to the last one offered when attempts are used up', () => {
    const many = planOf(hashing(BY_HEADER), [clusterOf(endpoints(5))], { retry: retrying(3, true, 200) });
    assert.equal(new Set(tries(many, KEYED, 5)).size, 5);
    const alone = planOf(hashing(BY_HEADER), [clusterOf(endpoints(1))], { retry: retrying(3, true) });
    assert.deepEqual(new Set(tries(alone, KEYED, 3)).size, 1);
  });

  it('leave the host of the session to the balancer, and the client learns who answered', () => {
    const plan = planOf(session(COOKIE_SESSION, FAIL), [clusterOf(endpoints(5))], { retry: retrying(1, true, 200) });
    const selection = select(plan, withSession('10.0.0.3:80'));
    selection.chooseTarget();
    assert.equal(selection.next()?.address, '10.0.0.3:80');
    const second = selection.next();
    assert.notEqual(second?.address, '10.0.0.3:80');
    assert.equal(selection.reason, 'retry');
    assert.equal(selection.responseEdits(second, NO_HEAD)[0]?.value, `sess="${token(second!.address)}"; HttpOnly`);
  });

  it('send a made-up cookie once', () => {
    const plan = planOf(hashing(BY_COOKIE), [clusterOf(endpoints(5))], { retry: retrying(2, false) });
    const selection = select(plan, NO_HEAD);
    selection.chooseTarget();
    selection.next();
    selection.next();
    const host = selection.next();
    assert.equal(selection.responseEdits(host, NO_HEAD).length, 1);
  });
});
