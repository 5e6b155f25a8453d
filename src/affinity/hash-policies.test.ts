import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestWith } from '../../test/support/affinity.ts';
import type { HashKey, HashPolicy } from '../model/affinity.ts';
import { compileHashPolicies, type KeyTrace } from './hash-policies.ts';
import { Hash64 } from './hash64.ts';
import { xxHash64 } from './xx-hash.ts';

const header = (name: string): HashKey => ({ kind: 'header', name, rewrite: null });
const cookie = (name: string, ttlMillis: number | null): HashKey => ({
  kind: 'cookie',
  cookie: { name, ttlMillis, path: '', attributes: [] },
});

function newTrace(): KeyTrace {
  return { keySource: '', generatedCookies: null, generatedValue: '' };
}

function evaluate(
  keys: readonly (HashKey | HashPolicy)[],
  request = requestWith(),
  trace: KeyTrace | null = newTrace(),
) {
  const policies = keys.map((key) => ({ terminal: false, ...key }));
  const hash = new Hash64();
  const present = compileHashPolicies(policies, 'route').evaluate(request, trace, hash);
  return { hash: present ? hash.toHex() : null, trace };
}

const hashOf = (text: string): string => xxHash64(text, new Hash64()).toHex();

/** rotl64(a, 1) xor b */
function combine(a: string, b: string): string {
  const wide = BigInt(`0x${a}`);
  return (BigInt.asUintN(64, (wide << 1n) | (wide >> 63n)) ^ BigInt(`0x${b}`)).toString(16).padStart(16, '0');
}

describe('HashPolicies.evaluate', () => {
  const request = requestWith([
    ['x-a', '1'],
    ['x-b', '2'],
  ]);

  it('has no hash without policies and where none gives one', () => {
    assert.equal(evaluate([], request).hash, null);
    assert.equal(evaluate([header('x-c'), { kind: 'query', name: 'k' }, cookie('sid', null)], request).hash, null);
  });

  it('combines in order, skipping those that give nothing', () => {
    const { hash, trace } = evaluate([header('x-a'), header('x-c'), header('x-b')], request);
    assert.equal(hash, combine(hashOf('1'), hashOf('2')));
    assert.equal(trace?.keySource, 'header:x-a+header:x-b');
    assert.notEqual(hash, evaluate([header('x-b'), header('x-a')], request).hash);
  });

  it('stops at a terminal policy once there is a hash, even if that policy gave nothing', () => {
    const terminal = (key: HashKey): HashPolicy => ({ ...key, terminal: true });
    assert.equal(evaluate([terminal(header('x-a')), header('x-b')], request).hash, hashOf('1'));
    assert.equal(evaluate([header('x-a'), terminal(header('x-c')), header('x-b')], request).hash, hashOf('1'));
    assert.equal(evaluate([terminal(header('x-c')), header('x-b')], request).hash, hashOf('2'));
  });

  it('hashes a present but empty header', () => {
    assert.equal(evaluate([header('x')], requestWith([['x', '']])).hash, hashOf(''));
  });

  it('hashes repeated lines whatever their order, unlike one line with all of them', () => {
    const lines = (...values: readonly string[]) => requestWith(values.map((value) => ['x', value] as const));
    const once = evaluate([header('x')], lines('b', 'a', 'b')).hash;
    assert.equal(evaluate([header('x')], lines('b', 'b', 'a')).hash, once);
    assert.notEqual(evaluate([header('x')], lines('a', 'b')).hash, once);
    assert.notEqual(evaluate([header('x')], lines('a,b')).hash, evaluate([header('x')], lines('a', 'b')).hash);
  });

  it('joins the lines of headers that have one value', () => {
    const lines = requestWith([
      ['accept', 'b'],
      ['accept', 'a'],
    ]);
    assert.equal(evaluate([header('accept')], lines).hash, hashOf('b,a'));
  });

  it('rewrites a value before it is hashed', () => {
    const key: HashKey = { kind: 'header', name: 'x-a', rewrite: { pattern: '1', substitution: 'one' } };
    assert.equal(evaluate([key], request).hash, hashOf('one'));
  });

  it('reads path, authority and method as they will be sent', () => {
    const rewritten = requestWith([], { path: '/new?k=v', originalPath: '/old', authority: 'host', method: 'PUT' });
    assert.equal(evaluate([header(':path')], rewritten).hash, hashOf('/new?k=v'));
    assert.equal(evaluate([header(':authority')], rewritten).hash, hashOf('host'));
    assert.equal(evaluate([header('host')], rewritten).hash, hashOf('host'));
    assert.equal(evaluate([header(':method')], rewritten).hash, hashOf('PUT'));
    assert.equal(evaluate([{ kind: 'query', name: 'k' }], rewritten).hash, hashOf('v'));
  });

  it('hashes the client address and what filters left', () => {
    const view = requestWith([], {
      clientIp: '2001:db8::1',
      filterState: (key) => (key === 'fs' ? 'left' : undefined),
    });
    assert.equal(evaluate([{ kind: 'sourceIp' }], view).hash, hashOf('2001:db8::1'));
    assert.equal(evaluate([{ kind: 'filterState', key: 'fs' }], view).hash, hashOf('left'));
    assert.equal(evaluate([{ kind: 'filterState', key: 'other' }], view).hash, null);
  });
});

describe('a cookie policy', () => {
  const connection = { remoteAddress: '1.2.3.4:5', localAddress: '6.7.8.9:80' };
  const generated = hashOf('1.2.3.4:56.7.8.9:80');

  it('hashes the cookie and makes nothing up while there is one', () => {
    const { hash, trace } = evaluate([cookie('sid', 0)], requestWith([['cookie', 'sid=v']]));
    assert.deepEqual([hash, trace?.generatedCookies], [hashOf('v'), null]);
  });

  it('makes one up from the ends of the connection if it has a lifetime', () => {
    for (const headers of [[], [['cookie', 'sid=']] as const]) {
      const { hash, trace } = evaluate([cookie('sid', 0)], requestWith(headers, connection));
      assert.equal(trace?.generatedValue, generated);
      assert.equal(hash, hashOf(generated));
      assert.equal(trace?.generatedCookies?.length, 1);
    }
  });

  it('makes up several with one value', () => {
    const { trace } = evaluate([cookie('a', 0), cookie('b', 0)], requestWith([], connection));
    assert.deepEqual(
      trace?.generatedCookies?.map(({ name }) => name),
      ['a', 'b'],
    );
  });

  it('makes none up where nobody will send it', () => {
    assert.equal(evaluate([cookie('sid', 0)], requestWith(), null).hash, null);
  });

  it('of a cluster is made from the trusted client instead', () => {
    const policies = [{ ...cookie('sid', 0), terminal: false }];
    const valueFor = (clientIp: string, clientPort: number): string => {
      const trace = newTrace();
      const request = requestWith([], { ...connection, clientIp, clientPort });
      compileHashPolicies(policies, 'cluster').evaluate(request, trace, new Hash64());
      return trace.generatedValue;
    };
    assert.equal(valueFor('9.9.9.9', 0), hashOf('9.9.9.9:06.7.8.9:80'));
    assert.equal(valueFor('2001:db8::1', 7), hashOf('[2001:db8::1]:76.7.8.9:80'));
  });
});
