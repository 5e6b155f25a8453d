import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type AccessRecord, createAccessLog, formatAccessRecord } from './access-log.ts';

const RECORD: AccessRecord = {
  startedAt: Date.UTC(2026, 10, 21, 9, 30, 0, 123),
  durationMillis: 12.4,
  requestId: 'id-1',
  listener: '0.0.0.0_80',
  method: 'GET',
  authority: 'shop.example',
  path: '/cart?x=1',
  protocol: 'HTTP/1.1',
  status: 200,
  responseFlags: '',
  upstreamServiceMillis: 11.6,
  bytesReceived: 0,
  bytesSent: 42,
  downstreamRemoteAddress: '127.0.0.1:50000',
  upstreamPod: 'cart-0',
  route: '',
  attempts: 1,
  userAgent: 'curl/8',
  decision: {
    mode: 'hash',
    keySource: 'cookie:sid',
    generated: true,
    token: 'none',
    candidates: 3,
    cluster: 'outbound|80||cart',
    chosen: '127.0.1.1:8080',
    reason: 'hash',
  },
};

describe('formatAccessRecord', () => {
  it('prints one line of JSON with the fields that people read', () => {
    const line = formatAccessRecord(RECORD);
    assert.ok(line.endsWith('}\n'));
    assert.deepEqual(JSON.parse(line), {
      time: '2026-11-21T09:30:00.123Z',
      request_id: 'id-1',
      listener: '0.0.0.0_80',
      method: 'GET',
      authority: 'shop.example',
      path: '/cart?x=1',
      protocol: 'HTTP/1.1',
      status: 200,
      response_flags: null,
      duration_ms: 12,
      upstream_service_time_ms: 12,
      bytes_received: 0,
      bytes_sent: 42,
      downstream_remote_address: '127.0.0.1:50000',
      upstream_cluster: 'outbound|80||cart',
      upstream_addr: '127.0.1.1:8080',
      upstream_pod: 'cart-0',
      route: null,
      attempts: 1,
      affinity: { mode: 'hash', key: 'cookie:sid', outcome: 'hash', token: 'none', generated: true },
      user_agent: 'curl/8',
    });
  });

  it('says null where there was no route and no upstream', () => {
    const parsed = JSON.parse(formatAccessRecord({ ...RECORD, decision: null, upstreamServiceMillis: -1 })) as object;
    assert.deepEqual(
      Object.entries(parsed)
        .filter(([, value]) => value === null)
        .map(([name]) => name),
      ['response_flags', 'upstream_service_time_ms', 'upstream_cluster', 'upstream_addr', 'route', 'affinity'],
    );
  });

  it('keeps every byte a client sends on one line of printable ASCII, and readable back', () => {
    const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(bytes, bytes, (path, userAgent) => {
        const line = formatAccessRecord({ ...RECORD, path, userAgent });
        assert.match(line, /^[\x20-\x7e]*\n$/);
        const parsed = JSON.parse(line) as { path: string | null; user_agent: string | null };
        assert.equal(parsed.path ?? '', path);
        assert.equal(parsed.user_agent ?? '', userAgent);
      }),
    );
  });
});

describe('createAccessLog', () => {
  it('says which file it can not open', () => {
    const path = import.meta.dirname;
    assert.throws(() => createAccessLog({ kind: 'file', path }), {
      message: `the access log ${path} can't be opened (EISDIR)`,
    });
  });
});
