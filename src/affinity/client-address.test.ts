import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { requestWith } from '../../test/support/affinity.ts';
import type { ClientAddressPolicy, ClientAddressSource } from '../model/listener.ts';
import { ClientAddressResolver } from './client-address.ts';
import {
  DROPPED_AT_EDGE,
  DROPPED_FROM_EXTERNAL,
  DROPPED_FROM_INTERNAL,
  ForwardedHeaders,
} from './forwarded-headers.ts';

const EDGE: ClientAddressSource = { kind: 'remoteAddress', trustedHops: 0, appendForwardedFor: true };
const BEHIND: ClientAddressSource = { kind: 'forwardedFor', trustedHops: 0 };

type Lines = Readonly<Record<string, string | readonly string[]>>;

function resolve(
  source: ClientAddressSource,
  lines: Lines = {},
  {
    peerIp = '203.0.113.7',
    secure = false,
    ...policy
  }: Partial<ClientAddressPolicy> & { peerIp?: string; secure?: boolean } = {},
): ForwardedHeaders {
  const headers = Object.entries(lines).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  const found = new ForwardedHeaders();
  const settings: ClientAddressPolicy = {
    source,
    internalCidrs: [],
    requestId: 'generate',
    requestIdInResponse: false,
    scheme: null,
    ...policy,
  };
  new ClientAddressResolver(settings).resolve(requestWith(headers), { peerIp, secure }, () => 'new-id', found);
  return found;
}

describe('a listener that uses the remote address', () => {
  it('believes the connection and adds its peer to x-forwarded-for', () => {
    const found = resolve(EDGE, { 'x-forwarded-for': ['1.1.1.1', '2.2.2.2'], 'x-forwarded-proto': 'https' });
    assert.deepEqual([found.clientIp, found.portKept], ['203.0.113.7', true]);
    assert.equal(found.forwardedFor, '1.1.1.1,2.2.2.2,203.0.113.7');
    assert.equal(found.forwardedProto, 'http');
    assert.equal(resolve(EDGE, { 'x-forwarded-for': '' }).forwardedFor, '203.0.113.7');
  });

  it('replaces what only the edge may say', () => {
    const found = resolve(EDGE, { 'x-envoy-external-address': '6.6.6.6', 'x-request-id': 'mine' });
    assert.equal(found.externalAddress, '203.0.113.7');
    assert.equal(found.requestId, 'new-id');
    assert.equal(found.dropped, DROPPED_AT_EDGE);
  });

  it('goes to the nth entry from the right behind n trusted hops', () => {
    const source = { ...EDGE, trustedHops: 2 };
    const found = resolve(source, { 'x-forwarded-for': '9.9.9.9, 1.1.1.1 ,2.2.2.2', 'x-forwarded-proto': 'https' });
    assert.deepEqual([found.clientIp, found.portKept, found.forwardedProto], ['1.1.1.1', false, 'https']);
    assert.equal(resolve(source, { 'x-forwarded-for': '2.2.2.2' }).clientIp, '203.0.113.7');
    assert.equal(resolve(source, { 'x-forwarded-for': 'x,2.2.2.2' }).clientIp, '203.0.113.7');
  });

  it('is inside for a peer of the internal ranges without x-forwarded-for', () => {
    const inside = { internalCidrs: [{ address: '10.0.0.0', prefixLength: 8 }], peerIp: '10.1.2.3' };
    const found = resolve(EDGE, { 'x-request-id': 'mine' }, inside);
    assert.deepEqual([found.internal, found.requestId, found.dropped], [true, 'mine', DROPPED_FROM_INTERNAL]);
    assert.equal(resolve(EDGE, { 'x-forwarded-for': '10.9.9.9' }, inside).internal, false);
  });
});

describe('a listener that believes x-forwarded-for', () => {
  it('takes the last entry, and passes the lines on as one', () => {
    const found = resolve(BEHIND, { 'x-forwarded-for': ['1.1.1.1', '2001:DB8::5'], 'x-request-id': 'mine' });
    assert.deepEqual([found.clientIp, found.portKept], ['2001:db8::5', false]);
    assert.equal(found.forwardedFor, '1.1.1.1,2001:DB8::5');
    assert.equal(found.requestId, 'mine');
    assert.equal(found.dropped, DROPPED_FROM_EXTERNAL);
  });

  it('falls back to the peer where the entry is no address', () => {
    for (const value of ['bogus', '1.1.1.1:80', '[2001:db8::5]', '', '1.1.1.1,', '\xa01.1.1.1']) {
      assert.equal(resolve(BEHIND, { 'x-forwarded-for': value }).clientIp, '203.0.113.7', value);
    }
    assert.equal(resolve(BEHIND).forwardedFor, null);
  });

  it('keeps a received scheme, otherwise tells that of the connection', () => {
    assert.equal(resolve(BEHIND, { 'x-forwarded-proto': 'https' }).forwardedProto, 'https');
    assert.equal(resolve(BEHIND, {}, { secure: true }).forwardedProto, 'https');
    assert.equal(resolve(BEHIND, { 'x-forwarded-proto': 'http' }, { scheme: 'https' }).forwardedProto, 'https');
  });

  it('is inside for a single entry of the internal ranges', () => {
    const inside = { internalCidrs: [{ address: '10.0.0.0', prefixLength: 8 }] };
    assert.equal(resolve(BEHIND, { 'x-forwarded-for': '10.9.9.9' }, inside).internal, true);
    assert.equal(resolve(BEHIND, { 'x-forwarded-for': '1.1.1.1,10.9.9.9' }, inside).internal, false);
    assert.equal(resolve(BEHIND, {}, { ...inside, peerIp: '10.1.1.1' }).internal, false);
  });
});

describe('a listener that detects the client', () => {
  const cidrs: ClientAddressSource = {
    kind: 'detectForwardedFor',
    trust: { cidrs: [{ address: '10.0.0.0', prefixLength: 8 }] },
    appendForwardedFor: false,
  };

  it('passes over trusted proxies from the right', () => {
    const from = (value: string): string =>
      resolve(cidrs, { 'x-forwarded-for': value }, { peerIp: '10.0.0.1' }).clientIp;
    assert.equal(from('8.8.8.8, 9.9.9.9, 10.0.0.2'), '9.9.9.9');
    assert.equal(from('10.0.0.3,10.0.0.2'), '10.0.0.3');
    assert.equal(from('8.8.8.8,bogus,10.0.0.2'), '10.0.0.1');
  });

  it('takes a peer that is no trusted proxy for the client, and notes it down', () => {
    const found = resolve(cidrs, { 'x-forwarded-for': '8.8.8.8' });
    assert.deepEqual([found.clientIp, found.forwardedFor], ['203.0.113.7', '8.8.8.8,203.0.113.7']);
  });

  it('reads a header of one address', () => {
    const source: ClientAddressSource = { kind: 'detectHeader', name: 'X-Real-IP' };
    assert.equal(resolve(source, { 'x-real-ip': '6.6.6.6' }).clientIp, '6.6.6.6');
    assert.equal(resolve(source, { 'x-real-ip': 'nope' }).clientIp, '203.0.113.7');
  });
});

describe('request ids', () => {
  it('are kept or made as the policy says', () => {
    const sent = { 'x-request-id': 'mine' };
    assert.equal(resolve(EDGE, sent, { requestId: 'preserve' }).requestId, 'mine');
    assert.equal(resolve(EDGE, {}, { requestId: 'preserve' }).requestId, 'new-id');
    assert.equal(resolve(BEHIND, {}).requestId, 'new-id');
    assert.equal(resolve(EDGE, sent, { requestId: 'off' }).requestId, 'mine');
    assert.equal(resolve(EDGE, {}, { requestId: 'off' }).requestId, null);
  });
});

describe('any x-forwarded-for', () => {
  it('is read without fault and in linear time', () => {
    const value = fc.string({ unit: fc.constantFrom(',', ' ', '1.1.1.1', '::1', 'x', '\t'), maxLength: 30 });
    fc.assert(
      fc.property(value, fc.nat(4), (text, trustedHops) => {
        for (const source of [
          { ...EDGE, trustedHops },
          { ...BEHIND, trustedHops },
        ]) {
          const { clientIp, portKept } = resolve(source, { 'x-forwarded-for': text });
          assert.ok(portKept ? clientIp === '203.0.113.7' : text.includes(clientIp));
        }
      }),
    );
    const start = performance.now();
    resolve(BEHIND, { 'x-forwarded-for': `1${' '.repeat(500_000)}x` });
    assert.ok(performance.now() - start < 1000);
  });
});
