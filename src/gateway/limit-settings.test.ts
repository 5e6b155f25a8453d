import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { LIMIT_SETTINGS, setLimit } from './limit-settings.ts';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';

function set(name: string, value: string): GatewayLimits {
  const limits = setLimit(DEFAULT_GATEWAY_LIMITS, name, value);
  assert.ok(typeof limits !== 'string', String(limits));
  return limits;
}

function flatten({ http1, ...own }: GatewayLimits): Record<string, number> {
  return { ...own, ...http1 };
}

describe('setLimit', () => {
  it('sets one limit and leaves the others', () => {
    assert.deepEqual(set('head-timeout', '2m'), { ...DEFAULT_GATEWAY_LIMITS, headTimeoutMillis: 120_000 });
    const { http1 } = DEFAULT_GATEWAY_LIMITS;
    assert.deepEqual(set('head-bytes', '8KiB'), {
      ...DEFAULT_GATEWAY_LIMITS,
      http1: { ...http1, maxHeadBytes: 8_192 },
    });
  });

  it('reads bytes, counts and durations', () => {
    assert.equal(set('body-bytes', '10').http1.maxBodyBytes, 10);
    assert.equal(set('body-bytes', '3GiB').http1.maxBodyBytes, 3 * 2 ** 30);
    assert.equal(set('header-count', '7').http1.maxHeaderCount, 7);
    assert.equal(set('linger', '250ms').lingerMillis, 250);
    assert.equal(set('keep-alive-idle', '1h').keepAliveIdleMillis, 3_600_000);
    assert.equal(set('min-rate', '100').minBytesPerSecond, 100);
  });

  it('switches off what can be switched off', () => {
    assert.equal(set('stream-idle-timeout', '0').streamIdleMillis, 0);
    assert.equal(set('stream-idle-timeout', '0s').streamIdleMillis, 0);
    assert.equal(set('body-bytes', '0').http1.maxBodyBytes, Number.MAX_SAFE_INTEGER);
    assert.equal(set('requests-per-connection', '0').maxRequestsPerConnection, Number.MAX_SAFE_INTEGER);
    assert.equal(set('retry-buffer-bytes', '0').retryBufferBytes, 0);
  });

  it('says what is wrong', () => {
    const wrong: readonly (readonly [name: string, value: string, pattern: RegExp])[] = [
      ['heads', '1', /^There is no limit heads\. Known: head-bytes, /],
      ['constructor', '1', /^There is no limit constructor/],
      ['head-bytes', '', /write a number of bytes/],
      ['head-bytes', '1s', /write a number of bytes/],
      ['head-bytes', '-1', /write a number of bytes/],
      ['head-bytes', '1.5', /write a number of bytes/],
      ['head-bytes', '0', /must not be 0/],
      ['header-count', '1KiB', /write a whole number/],
      ['head-timeout', '15', /write a duration/],
      ['head-timeout', '1toString', /write a duration/],
      ['head-timeout', '1000h', /write a duration/],
      ['body-bytes', '999999999999999GiB', /write a number of bytes/],
      ['connections-per-listener', '0', /must not be 0/],
    ];
    for (const [name, value, pattern] of wrong) {
      const problem = setLimit(DEFAULT_GATEWAY_LIMITS, name, value);
      assert.ok(typeof problem === 'string', `${name}=${value}`);
      assert.match(problem, pattern);
    }
  });
});

describe('LIMIT_SETTINGS', () => {
  it('has a setting for every limit, each with its default', () => {
    const reached = new Set<string>();
    const defaults = flatten(DEFAULT_GATEWAY_LIMITS);
    for (const { name, unit, byDefault } of LIMIT_SETTINGS) {
      const other = flatten(set(name, unit === 'duration' ? '777s' : '777'));
      const changed = Object.keys(defaults).filter((field) => other[field] !== defaults[field]);
      assert.equal(changed.length, 1, name);
      reached.add(changed[0] ?? '');
      const again = setLimit(DEFAULT_GATEWAY_LIMITS, name, byDefault === 'off' ? '0' : byDefault);
      assert.deepEqual(again, DEFAULT_GATEWAY_LIMITS, name);
    }
    assert.deepEqual([...reached].sort(), Object.keys(defaults).sort());
  });

  it('is the table in docs/limits.md', () => {
    const text = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    const expected = LIMIT_SETTINGS.map(
      ({ name, byDefault, description }) => `| \`${name}\` | ${byDefault} | ${description} |`,
    );
    assert.deepEqual(rows.slice(0, expected.length), expected);
  });
});
