import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BY_IP, idOf, pod, SessionBench, tokenOf } from '../../../test/support/session-bench.ts';
import type { StrongSession } from '../../model/strong-session.ts';
import { encodeBase64 } from '../base64.ts';

describe('sessions that come with an address', () => {
  const accepting: Partial<StrongSession> = {
    token: { kind: 'sealed', keyRing: '', keyIds: [], acceptAddressTokens: true },
  };
  const address = encodeBase64(pod('a').address);

  it('are sessions of their own once they are exchanged', () => {
    const bench = new SessionBench(accepting);
    const plan = bench.plan({ c: [pod('a'), pod('b')] });
    const tokens = Array.from({ length: 20 }, () => tokenOf(bench.request(plan, address).token));
    const ids = tokens.map((token) => {
      const { selection, host } = bench.request(plan, token);
      assert.equal(host?.endpoint.address, pod('a').address);
      return idOf(host === null ? null : selection.sessionAt(host));
    });
    assert.equal(new Set(ids).size, 20);
  });

  it('go by what they were exchanged for while the address still comes', () => {
    const bench = new SessionBench(accepting);
    const onB = tokenOf(bench.request(bench.plan({ c: [pod('b')] })).token);
    const plan = bench.plan({ c: [pod('a'), pod('b')] });
    // A cookie of another path stays at the client beside the new one.
    for (const cookies of [`${address}; sid=${onB}`, `${onB}; sid=${address}`]) {
      const answer = bench.request(plan, cookies);
      assert.deepEqual([answer.name, answer.selection.token, answer.token], ['b', 'used', null]);
    }
    const withoutB = bench.plan({ c: [pod('a'), pod('d')] });
    for (const cookies of [`${address}; sid=${onB}`, `${onB}; sid=${address}`]) {
      assert.equal(bench.request(withoutB, cookies).selection.token, 'unknown-endpoint');
    }
    const gone = encodeBase64('10.0.0.200:80');
    assert.equal(bench.request(plan, `${gone}; sid=x; sid=${address}; sid=${gone}`).name, 'a');
  });

  it('count as new ones do until they come back exchanged', () => {
    const bench = new SessionBench(accepting);
    const plan = bench.plan({ c: [pod('a'), pod('b')] });
    bench.request(plan, address);
    assert.deepEqual(bench.events, ['seen 60']);
  });

  it('spread over the others when their pod goes, and agree by the fallback key where there is one', () => {
    const others = ['b', 'd', 'e', 'f'].map((name) => pod(name));
    const names = (session: Partial<StrongSession>, ip: (index: number) => string): Set<string> => {
      const bench = new SessionBench({ ...session, newSessions: { kind: 'rendezvous' } });
      const plan = bench.plan({ c: others });
      return new Set(Array.from({ length: 20 }, (_, i) => bench.request(plan, address, { ip: ip(i) }).name));
    };
    for (const session of [accepting, { token: { kind: 'address' } } as const]) {
      assert.ok(names(session, () => '10.1.1.1').size > 1);
      assert.equal(names({ ...session, fallback: BY_IP }, () => '10.1.1.1').size, 1);
      assert.ok(names({ ...session, fallback: BY_IP }, (index) => `10.1.1.${index}`).size > 1);
    }
  });

  it('are counted by the fallback key where the policy has no other tokens', () => {
    const bench = new SessionBench({ token: { kind: 'address' }, fallback: BY_IP });
    const plan = bench.plan({ c: [pod('a')] });
    const ids = ['10.1.1.1', '10.1.1.2'].map((ip) => {
      const { selection, host } = bench.request(plan, address, { ip });
      return idOf(host === null ? null : selection.sessionAt(host));
    });
    assert.notEqual(ids[0], ids[1]);
  });
});
