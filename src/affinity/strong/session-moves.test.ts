import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { idOf, pod, SessionBench, tokenOf } from '../../../test/support/session-bench.ts';
import type { HostState } from '../host.ts';

describe('parallel requests of a session that moves', () => {
  const rebalance = { idleForMillis: 2000, whenAbove: 1.25, maxPerMinute: 600 };

  it('go where the first went, and take no further moves', () => {
    const bench = new SessionBench({ rebalance });
    const token = tokenOf(bench.request(bench.plan({ c: [pod('a')] })).token);
    const plan = bench.plan({ c: [pod('a'), pod('b'), pod('d')] });
    bench.nowSeconds += 60;
    bench.state(pod('a').address).liveSessions = 100;
    const first = bench.request(plan, token);
    assert.notEqual(first.name, 'a');
    // Neither counts nor the budget would let it move again.
    bench.allowsMoves = false;
    for (const name of ['a', 'b', 'd']) bench.state(pod(name).address).liveSessions = 10;
    for (let i = 0; i < 3; i++) {
      const further = bench.request(plan, token);
      assert.deepEqual([further.name, further.selection.lost], [first.name, 'rebalanced']);
    }
    assert.equal(bench.movers.length, 1);
  });

  it('go on with the pod that they left where the other serves no more', () => {
    const bench = new SessionBench({ rebalance });
    const token = tokenOf(bench.request(bench.plan({ c: [pod('a')] }), '', { signal: 'release' }).token);
    bench.state(pod('a').address).liveSessions = 100;
    assert.equal(bench.request(bench.plan({ c: [pod('a'), pod('b')] }), token).name, 'b');
    bench.allowsMoves = false;
    assert.equal(bench.request(bench.plan({ c: [pod('a'), pod('d')] }), token).name, 'a');
  });
});

describe('a session for which a move is chosen', () => {
  const rebalance = { idleForMillis: 60_000, whenAbove: 1.25, maxPerMinute: 600 };

  it('goes there when it is at a safe point, whatever the counts are, and else stays', () => {
    const bench = new SessionBench({ rebalance });
    const chosen = new Map<string, HostState>();
    bench.chosen = chosen;
    const alone = bench.plan({ c: [pod('a')] });
    const begun = [bench.request(alone), bench.request(alone)].map(({ token, selection, host }) => {
      assert.ok(host !== null);
      return { token: tokenOf(token), id: idOf(selection.sessionAt(host)) };
    });
    const [one, other] = begun as [(typeof begun)[0], (typeof begun)[0]];
    const plan = bench.plan({ c: [pod('a'), pod('b'), pod('d')] });
    chosen.set(one.id, bench.state(pod('d').address));
    assert.equal(bench.request(plan, one.token).name, 'a');
    bench.nowSeconds += 70;
    bench.state(pod('a').address).liveSessions = 1000;
    assert.equal(bench.request(plan, other.token).name, 'a');
    const moved = bench.request(plan, one.token);
    assert.deepEqual([moved.name, moved.selection.lost, moved.selection.reason], ['d', 'rebalanced', 'rebalanced']);
    assert.equal(bench.request(plan, tokenOf(moved.token)).name, 'd');
    assert.deepEqual(bench.movers, []);
  });

  it('stays where the chosen pod takes no new sessions, or a stream is open', () => {
    const bench = new SessionBench({ rebalance });
    const chosen = new Map<string, HostState>();
    bench.chosen = chosen;
    const first = bench.request(bench.plan({ c: [pod('a')] }), '', { signal: 'release' });
    assert.ok(first.host !== null);
    const token = tokenOf(first.token);
    chosen.set(idOf(first.selection.sessionAt(first.host)), bench.state(pod('b').address));
    bench.state(pod('b').address).drain = { startedSeconds: 0, deadlineSeconds: null, by: 'order' };
    const plan = bench.plan({ c: [pod('a'), pod('b'), pod('d')] });
    assert.equal(bench.request(plan, token).name, 'a');
    assert.equal(bench.request(bench.plan({ c: [pod('a'), pod('d')] }), token).name, 'a');
    bench.state(pod('b').address).drain = null;
    const again = bench.plan({ c: [pod('a'), pod('b'), pod('d')] });
    bench.openStream(first);
    assert.equal(bench.request(again, token).name, 'a');
    bench.closeStreams();
    bench.nowSeconds += 1;
    assert.equal(bench.request(again, token).name, 'b');
  });
});

describe('what an application signals', () => {
  it('is one of several words, on one line as on two', () => {
    const bench = new SessionBench();
    const plan = bench.plan({ c: [pod('a')] });
    const token = tokenOf(bench.request(plan).token);
    for (const signal of ['end', 'END', 'release, end', 'later,end ']) {
      assert.match(bench.request(plan, token, { signal }).setCookie ?? '', /^sid=; Max-Age=0/);
    }
    for (const signal of ['release', 'Release ,x']) assert.ok(bench.request(plan, token, { signal }).token);
    for (const signal of ['', 'ended', 'release end', ',']) {
      assert.equal(bench.request(plan, token, { signal }).setCookie, null);
    }
  });
});
