import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { endpointAt } from '../../../test/support/affinity.ts';
import { BY_IP, MINUTE, NOW, pod, SessionBench, tokenOf } from '../../../test/support/session-bench.ts';
import { SESSION_COOKIE } from '../../../test/support/strong-sessions.ts';
import type { Host, HostState } from '../host.ts';

describe('times of a strong session', () => {
  it('end it absolutely, also when it is used all the time', () => {
    const bench = new SessionBench({ absoluteTimeoutMillis: 10 * MINUTE, idleTimeoutMillis: 5 * MINUTE });
    const plan = bench.plan({ c: [pod('a'), pod('b')] });
    let { token } = bench.request(plan);
    for (let minute = 1; minute < 10; minute++) {
      bench.nowSeconds = NOW + 60 * minute;
      const next = bench.request(plan, tokenOf(token));
      assert.equal(next.selection.token, 'used');
      token = next.token ?? token;
    }
    bench.nowSeconds = NOW + 600;
    assert.equal(bench.request(plan, tokenOf(token)).selection.token, 'expired');
  });

  it('never end an active one as idle, and an idle one an eighth late at most', () => {
    const step = fc.integer({ min: 1, max: 299 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const bench = new SessionBench({ idleTimeoutMillis: 5 * MINUTE });
        const plan = bench.plan({ c: [pod('a'), pod('b')] });
        let { token } = bench.request(plan);
        for (const seconds of steps) {
          bench.nowSeconds += seconds;
          const next = bench.request(plan, tokenOf(token));
          assert.equal(next.selection.token, 'used');
          token = next.token ?? token;
        }
        bench.nowSeconds += 300 + 38;
        assert.equal(bench.request(plan, tokenOf(token)).selection.token, 'idle-expired');
      }),
      { numRuns: 40 },
    );
  });

  it('are told to the client only when they have changed by an eighth', () => {
    const bench = new SessionBench({ idleTimeoutMillis: 8 * MINUTE });
    const plan = bench.plan({ c: [pod('a')] });
    const token = tokenOf(bench.request(plan).token);
    bench.nowSeconds = NOW + 59;
    assert.equal(bench.request(plan, token).token, null);
    bench.nowSeconds = NOW + 60;
    assert.notEqual(bench.request(plan, token).token, null);
  });
});

describe('a session with an open stream', () => {
  it('is not idle before the stream has been closed for the idle time, whether it began with its token or not', () => {
    for (const beginsWithToken of [true, false]) {
      for (const fallback of [[], BY_IP]) {
        const bench = new SessionBench({ idleTimeoutMillis: 20_000, fallback });
        const plan = bench.plan({ c: [pod('a'), pod('b')] });
        const first = bench.request(plan);
        const token = tokenOf(first.token);
        bench.openStream(beginsWithToken ? bench.request(plan, token) : first);
        bench.nowSeconds += 60;
        const later = bench.request(plan, token);
        assert.deepEqual([later.name, later.selection.token], [first.name, 'used']);
        bench.nowSeconds += 60;
        bench.closeStreams();
        bench.nowSeconds += 19;
        const back = bench.request(plan, token);
        assert.deepEqual([back.name, back.selection.token], [first.name, 'used']);
        bench.nowSeconds += 1;
        assert.equal(bench.request(plan, token).selection.token, 'idle-expired');
      }
    }
  });

  it('is not kept by the stream of another pod under the same key', () => {
    const bench = new SessionBench({ idleTimeoutMillis: 2000, fallback: BY_IP });
    const token = tokenOf(bench.request(bench.plan({ c: [pod('a')] })).token);
    bench.openStream(bench.request(bench.plan({ c: [pod('b')] })));
    bench.nowSeconds += 60;
    assert.equal(bench.request(bench.plan({ c: [pod('a'), pod('b')] }), token).selection.token, 'idle-expired');
  });

  it('does not move for the balance', () => {
    const rebalance = { idleForMillis: 20_000, whenAbove: 1.25, maxPerMinute: 600 };
    const bench = new SessionBench({ rebalance });
    const plan = bench.plan({ c: [pod('a')] });
    const released = tokenOf(bench.request(plan, '', { signal: 'release' }).token);
    const idle = tokenOf(bench.request(plan).token);
    for (const token of [released, idle]) bench.openStream(bench.request(plan, token));
    bench.state(pod('a').address).liveSessions = 100;
    const wider = bench.plan({ c: [pod('a'), pod('b')] });
    bench.nowSeconds += 60;
    for (const token of [released, idle]) assert.equal(bench.request(wider, token).name, 'a');
    bench.closeStreams();
    bench.nowSeconds += 1;
    assert.deepEqual([bench.request(wider, released).name, bench.request(wider, idle).name], ['b', 'a']);
    bench.nowSeconds += 19;
    assert.equal(bench.request(wider, idle).name, 'b');
  });
});

describe('the budget of moves', () => {
  it("is the policy's, whatever the targets of its routes", () => {
    const bench = new SessionBench({
      policy: 'shop/cart',
      rebalance: { idleForMillis: 2000, whenAbove: 1, maxPerMinute: 1 },
    });
    const alone = bench.plan({ c: [pod('a')] });
    const tokens = [0, 1].map(() => tokenOf(bench.request(alone, '', { signal: 'release' }).token));
    bench.state(pod('a').address).liveSessions = 100;
    const c = [pod('a'), pod('b')];
    const plans = [bench.plan({ c }), bench.plan({ c, d: [pod('x')] }, [1, 1])] as const;
    for (const [index, plan] of plans.entries()) bench.request(plan, tokens[index]);
    assert.deepEqual(bench.movers, ['shop/cart', 'shop/cart']);
  });
});

describe('a draining host', () => {
  it('keeps its sessions until the deadline, and takes no new ones', () => {
    const bench = new SessionBench({
      drainDeadlineMillis: MINUTE,
      onLost: { kind: 'fail', status: 503, retryAfterSeconds: 1 },
    });
    const before = bench.plan({ c: [pod('a')] });
    const token = tokenOf(bench.request(before).token);
    const after = bench.plan({ c: [pod('a'), pod('b')] });
    bench.state(pod('a').address).drain = { startedSeconds: NOW, deadlineSeconds: null, by: 'order' };
    for (let i = 0; i < 5; i++) assert.equal(bench.request(after).name, 'b');
    bench.nowSeconds = NOW + 59;
    assert.equal(bench.request(after, token).name, 'a');
    bench.nowSeconds = NOW + 60;
    const moved = bench.request(after, token);
    // Also where lost sessions fail: the drain has been waited for.
    assert.deepEqual([moved.name, moved.selection.token, moved.selection.lost], ['b', 'drained-endpoint', 'drained']);
    assert.equal(bench.request(after, tokenOf(moved.token)).name, 'b');
  });

  it('serves on where all drain', () => {
    const bench = new SessionBench({ drainDeadlineMillis: MINUTE });
    const plan = bench.plan({ c: [pod('a', { health: 'draining' }), pod('b', { health: 'draining' })] });
    const drain = { startedSeconds: NOW - 3600, deadlineSeconds: null, by: 'endpoint' } as const;
    for (const name of ['a', 'b']) bench.state(pod(name).address).drain = drain;
    const first = bench.request(plan);
    assert.notEqual(first.host, null);
    assert.equal(bench.request(plan, tokenOf(first.token)).name, first.name);
  });

  it('loses released sessions at once', () => {
    const bench = new SessionBench();
    const token = tokenOf(bench.request(bench.plan({ c: [pod('a')] }), '', { signal: 'release' }).token);
    const plan = bench.plan({ c: [pod('a', { health: 'draining' }), pod('b')] });
    assert.equal(bench.request(plan, token).name, 'b');
  });
});

describe('a lost session', () => {
  it('re-homes to one pod whichever gateway sees it first', () => {
    const one = new SessionBench();
    const other = new SessionBench();
    for (let i = 0; i < 20; i++) {
      const token = tokenOf(one.request(one.plan({ c: [pod('a')] })).token);
      const plan = { c: ['b', 'c', 'd', 'e'].map((name) => pod(name)) };
      const moved = one.request(one.plan(plan), token);
      assert.equal(other.request(other.plan({ c: plan.c.toReversed() }), token).name, moved.name);
      assert.equal(moved.selection.reason, 'rehomed');
    }
  });

  it('stays on its side of a split, unless that takes no new sessions', () => {
    const bench = new SessionBench();
    const token = tokenOf(bench.request(bench.plan({ old: [pod('a')], new: [pod('x')] }, [1, 0])).token);
    for (let i = 0; i < 5; i++) {
      const plan = bench.plan({ old: [pod('b')], new: [pod('x')] }, [1, 99]);
      assert.equal(bench.request(plan, token).name, 'b');
    }
    const retired = bench.plan({ old: [pod('b')], new: [pod('x')] }, [0, 100]);
    assert.equal(bench.request(retired, token).name, 'x');
    const kept = bench.plan({ old: [pod('a')], new: [pod('x')] }, [0, 100]);
    assert.equal(bench.request(kept, token).name, 'a');
  });

  it('is none where every pod seems to be unhealthy, and all serve', () => {
    const bench = new SessionBench({ onLost: { kind: 'fail', status: 503, retryAfterSeconds: 1 } });
    const names = ['a', 'b', 'c', 'd'];
    const plan = bench.plan({ c: names.map((name) => pod(name)) });
    const sessions = Array.from({ length: 8 }, () => bench.request(plan));
    for (const name of names) bench.state(pod(name).address).failedActiveCheck = true;
    const panic = bench.plan({ c: names.map((name) => pod(name)) });
    for (const { name, token } of sessions) {
      const again = bench.request(panic, tokenOf(token));
      assert.deepEqual([again.name, again.selection.token], [name, 'used']);
    }
  });

  it('does not come from a pod that is unhealthy for a moment elsewhere', () => {
    const bench = new SessionBench();
    const plan = bench.plan({ c: [pod('a')] });
    const token = tokenOf(bench.request(plan).token);
    bench.state(pod('a').address).ejected = true;
    const wider = bench.plan({ c: [pod('a'), pod('b')] });
    const moved = bench.request(wider, token);
    assert.deepEqual([moved.name, moved.selection.token], ['b', 'refused-endpoint']);
    bench.state(pod('a').address).ejected = false;
    assert.equal(bench.request(wider, tokenOf(moved.token)).name, 'b');
  });
});

describe('new sessions', () => {
  it('go to the host with the fewest live ones, by weight', () => {
    const bench = new SessionBench();
    const plan = bench.plan({ c: [pod('a'), pod('b'), pod('c', { weight: 2 })] });
    for (let i = 0; i < 40; i++) bench.request(plan);
    const counts = ['a', 'b', 'c'].map((name) => bench.state(pod(name).address).liveSessions);
    assert.deepEqual(counts, [10, 10, 20]);
  });

  it('go by key where there is one, and past a host that is far above the average', () => {
    const bench = new SessionBench({ fallback: BY_IP });
    const plan = bench.plan({ c: [pod('a'), pod('b'), pod('c')] });
    const first = bench.request(plan, '', { ip: '10.9.9.9' });
    assert.equal(first.selection.reason, 'hash');
    for (let i = 0; i < 5; i++) assert.equal(bench.request(plan, '', { ip: '10.9.9.9' }).name, first.name);
    (first.host as Host<HostState>).state.liveSessions = 1000;
    const spilled = bench.request(plan, '', { ip: '10.9.9.9' });
    assert.notEqual(spilled.name, first.name);
    assert.equal(spilled.selection.reason, 'hash-spilled');
  });

  it('do not go to and fro while a host that was crowded comes down', () => {
    const bench = new SessionBench({ fallback: BY_IP });
    const plan = bench.plan({ c: [pod('a'), pod('b'), pod('c')] });
    const client = { ip: '10.9.9.9' };
    const home = bench.request(plan, '', client);
    const nameWith = (own: number, others: number): string => {
      for (const name of ['a', 'b', 'c'])
        bench.state(pod(name).address).liveSessions = name === home.name ? own : others;
      return bench.request(plan, '', client).name;
    };
    assert.equal(nameWith(1_900, 1_000), home.name, 'not above the bound yet');
    const away = nameWith(2_100, 1_000);
    assert.notEqual(away, home.name);
    for (const own of [1_950, 1_800, 1_700, 1_600, 1_550]) assert.equal(nameWith(own, 1_000), away, `${own}`);
    assert.equal(nameWith(1_500, 1_000), home.name);
    assert.equal(nameWith(1_900, 1_000), home.name);
  });

  it('pass by hosts that are full, unless all are', () => {
    for (const kind of ['leastSessions', 'roundRobin', 'rendezvous'] as const) {
      const bench = new SessionBench({ newSessions: { kind }, maxSessionsPerEndpoint: 3 });
      const plan = bench.plan({ c: [pod('a'), pod('b')] });
      for (let i = 0; i < 6; i++) assert.notEqual(bench.request(plan).host, null);
      assert.deepEqual(
        ['a', 'b'].map((name) => bench.state(pod(name).address).liveSessions),
        [3, 3],
      );
      assert.notEqual(bench.request(plan).host, null);
    }
  });

  it('go to a crowded host rather than above the cap of the key’s own', () => {
    const bench = new SessionBench({ fallback: BY_IP, maxSessionsPerEndpoint: 40 });
    const heavy = pod('a', { weight: 1000 });
    const plan = bench.plan({ c: [heavy, pod('b')] });
    const client = { ip: '10.9.9.9' };
    assert.equal(bench.request(plan, '', client).name, 'a');
    bench.state(heavy.address).liveSessions = 40;
    bench.state(pod('b').address).liveSessions = 39;
    const spilled = bench.request(plan, '', client);
    assert.deepEqual([spilled.name, spilled.selection.reason], ['b', 'hash-spilled']);
    const own = bench.request(plan, '', client);
    assert.deepEqual([own.name, own.selection.reason], ['a', 'hash']);
  });

  it('move nothing between surviving pods, by rendezvous', () => {
    const bench = new SessionBench({ newSessions: { kind: 'rendezvous' }, fallback: BY_IP });
    const before = bench.plan({ c: ['a', 'b', 'c'].map((name) => pod(name)) });
    const after = bench.plan({ c: ['a', 'b', 'd'].map((name) => pod(name)) });
    for (let i = 0; i < 300; i++) {
      const ip = `10.1.${i >> 8}.${i & 255}`;
      const [was, is] = [bench.request(before, '', { ip }).name, bench.request(after, '', { ip }).name];
      if (was !== 'c' && is !== 'd') assert.equal(is, was);
    }
  });

  it('come by table, and by turns', () => {
    for (const newSessions of [
      { kind: 'ringHash', minimumSize: 1024, maximumSize: 8_388_608 },
      { kind: 'maglev', tableSize: 65_537 },
      { kind: 'roundRobin' },
    ] as const) {
      const bench = new SessionBench({ newSessions });
      const plan = bench.plan({ c: [pod('a'), pod('b'), pod('c')] });
      for (let i = 0; i < 90; i++) bench.request(plan);
      for (const name of ['a', 'b', 'c']) {
        const { liveSessions } = bench.state(pod(name).address);
        assert.ok(liveSessions > 15 && liveSessions < 45, `${newSessions.kind}: ${liveSessions}`);
      }
    }
  });

  it('count for a minute until they come back, and once for a client that never does', () => {
    const bench = new SessionBench({ idleTimeoutMillis: 10 * MINUTE });
    const plan = bench.plan({ c: [pod('a')] });
    const token = tokenOf(bench.request(plan).token);
    bench.request(plan, token);
    bench.request(plan, token, { signal: 'end' });
    assert.deepEqual(bench.events, ['seen 60', 'seen 600', 'ended 600']);
  });

  it('count by the key they began with only until they come back', () => {
    const bench = new SessionBench({ idleTimeoutMillis: 10 * MINUTE, fallback: BY_IP });
    const plan = bench.plan({ c: [pod('a')] });
    const token = tokenOf(bench.request(plan, '', { ip: '10.1.1.1' }).token);
    bench.request(plan, token, { ip: '10.1.1.1' });
    bench.request(plan, token, { ip: '10.1.1.1' });
    assert.deepEqual(bench.events, ['seen 60', 'seen 600', 'ended 60', 'seen 600']);
  });
});

describe('names of pods', () => {
  it('are uids, or with `name` what a StatefulSet keeps', () => {
    const replaced = pod('a', { identity: { uid: 'another', namespace: 'shop', name: 'a' } });
    for (const [identity, outcome] of [
      ['uid', 'unknown-endpoint'],
      ['name', 'used'],
    ] as const) {
      const bench = new SessionBench({ identity });
      const token = tokenOf(bench.request(bench.plan({ c: [pod('a')] })).token);
      assert.equal(bench.request(bench.plan({ c: [replaced, pod('b')] }), token).selection.token, outcome);
    }
  });

  it('are addresses where nothing else is known', () => {
    const bench = new SessionBench();
    const bare = [endpointAt('10.0.0.1:80'), endpointAt('10.0.0.2:80')];
    const first = bench.request(bench.plan({ c: bare }));
    const again = bench.request(bench.plan({ c: bare.toReversed() }), tokenOf(first.token));
    assert.equal(again.host?.address, first.host?.address);
  });
});

describe('a sealed address', () => {
  it('is not the pod that a source knows at it later', () => {
    const bench = new SessionBench();
    const { address } = pod('a');
    const token = tokenOf(bench.request(bench.plan({ c: [endpointAt(address)] })).token);
    assert.equal(bench.request(bench.plan({ c: [endpointAt(address)] }), token).selection.token, 'used');
    assert.equal(bench.request(bench.plan({ c: [pod('a')] }), token).selection.token, 'unknown-endpoint');
    const named = pod('a', { identity: { uid: '', namespace: 'shop', name: 'a' } });
    assert.equal(bench.request(bench.plan({ c: [named] }), token).selection.token, 'unknown-endpoint');
  });
});

describe('forged tokens', () => {
  it('never decide where a request goes, and never are an error', () => {
    const bench = new SessionBench({ onLost: { kind: 'fail', status: 503, retryAfterSeconds: null } });
    const plan = bench.plan({ c: [pod('a'), pod('b')] });
    const good = tokenOf(bench.request(plan).token);
    const mutation = fc.record({ at: fc.nat(good.length - 1), to: fc.constantFrom(...'ABCxyz019-_~"; =') });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let text = good;
        for (const { at, to } of mutations) text = text.slice(0, at) + to + text.slice(at + 1);
        const { selection, host } = bench.request(plan, text);
        assert.notEqual(host, null);
        if (text !== good) assert.notEqual(selection.token, 'used');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('many tokens on one request', () => {
  it('name the pod that still serves, whichever comes first', () => {
    const bench = new SessionBench({ onLost: { kind: 'fail', status: 503, retryAfterSeconds: null } });
    const gone = tokenOf(bench.request(bench.plan({ c: [pod('a')] })).token);
    const there = tokenOf(bench.request(bench.plan({ c: [pod('b')] })).token);
    const plan = bench.plan({ c: [pod('b'), pod('c'), pod('d')] });
    for (const both of [`${gone}; sid=${there}`, `${there}; sid=${gone}`]) {
      const { name, selection, token } = bench.request(plan, both);
      assert.deepEqual([name, selection.token, token], ['b', 'used', null]);
    }
    assert.equal(bench.request(plan, `${gone}; sid=${gone}`).selection.token, 'unknown-endpoint');
  });

  it('are tried until one is good, and not for ever', () => {
    const bench = new SessionBench();
    const plan = bench.plan({ c: [pod('a'), pod('b')] });
    const good = tokenOf(bench.request(plan).token);
    const forged = good.slice(0, -4) + (good.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    const among = (count: number): string => `${`${forged}; sid=`.repeat(count)}${good}`;
    assert.equal(bench.request(plan, among(15)).selection.token, 'used');
    assert.notEqual(bench.request(plan, among(16)).selection.token, 'used');
  });
});

describe('a token in a header', () => {
  it('is found behind any number of planted cookies', () => {
    const header = { kind: 'header', name: 'x-session' } as const;
    const bench = new SessionBench({ carriers: [{ kind: 'cookie', cookie: SESSION_COOKIE }, header] });
    const plan = bench.plan({ c: [pod('a'), pod('b')] });
    const first = bench.request(plan);
    const planted = Array.from({ length: 40 }, () => 'x').join('; sid=');
    const later = bench.request(plan, planted, { headers: [['x-session', tokenOf(first.token)]] });
    assert.deepEqual([later.name, later.selection.token], [first.name, 'used']);
  });
});

describe('cookies of strong sessions', () => {
  it('are made to be kept out of other hands', () => {
    const cookie = { ...SESSION_COOKIE, domain: 'example.com', secure: 'always', sameSite: 'Strict' } as const;
    const bench = new SessionBench({ carriers: [{ kind: 'cookie', cookie }] });
    const { setCookie } = bench.request(bench.plan({ c: [pod('a')] }));
    assert.match(setCookie ?? '', /^sid=[^;]+; Secure; Path=\/; Domain=example\.com; HttpOnly; SameSite=Strict$/);
  });
});
