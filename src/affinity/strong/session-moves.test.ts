import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pod, SessionBench, tokenOf } from '../../../test/support/session-bench.ts';

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
