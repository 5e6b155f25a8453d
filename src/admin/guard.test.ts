import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guardRequest, isLoopbackName } from './guard.ts';
import { HttpProblem } from './http-problem.ts';

/** 0: let through. */
function statusOf(
  headers: Record<string, string>,
  options: { changesState?: boolean; loopback?: boolean; token?: string | null } = {},
): number {
  const { changesState = true, loopback = true, token = null } = options;
  try {
    guardRequest(headers, changesState, { loopback, token });
    return 0;
  } catch (error) {
    assert.ok(error instanceof HttpProblem);
    return error.status;
  }
}

describe('guardRequest', () => {
  it('lets through what names this machine, on any port', () => {
    for (const host of ['localhost', 'LocalHost:15000', '127.0.0.1:15000', '127.9.9.9', '[::1]:80', '[::1]']) {
      assert.equal(statusOf({ host }), 0, host);
    }
  });

  it('refuses a name that was rebound to loopback, also for reading', () => {
    for (const host of [
      '',
      'evil.example',
      'evil.example:15000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1',
      '[::2]',
    ]) {
      assert.equal(statusOf({ host }, { changesState: false }), 403, host);
    }
  });

  it('refuses pages of other sites', () => {
    const host = 'localhost:15000';
    assert.equal(statusOf({ host, origin: 'http://evil.example' }), 403);
    assert.equal(statusOf({ host, origin: 'http://localhost:3000' }), 403);
    assert.equal(statusOf({ host, origin: 'null' }), 403);
    assert.equal(statusOf({ host, 'sec-fetch-site': 'cross-site' }), 403);
    assert.equal(statusOf({ host, 'sec-fetch-site': 'same-site' }), 403);
  });

  it('lets through a page of its own and a typed address', () => {
    const host = 'localhost:15000';
    assert.equal(statusOf({ host, origin: 'http://localhost:15000', 'sec-fetch-site': 'same-origin' }), 0);
    assert.equal(statusOf({ host, 'sec-fetch-site': 'none' }), 0);
  });

  it('wants the token for changes off loopback only', () => {
    const host = 'limpet.example';
    const remote = { loopback: false, token: 'correct-horse' };
    assert.equal(statusOf({ host }, { ...remote, changesState: false }), 0);
    assert.equal(statusOf({ host }, remote), 401);
    assert.equal(statusOf({ host, authorization: 'Bearer correct-horse' }, remote), 0);
    assert.equal(statusOf({ host, authorization: 'bearer correct-horse' }, remote), 0);
    assert.equal(statusOf({ host, authorization: 'Bearer correct-horse2' }, remote), 401);
    assert.equal(statusOf({ host, authorization: 'Basic correct-horse' }, remote), 401);
    assert.equal(statusOf({ host, authorization: 'Bearer ' }, { loopback: false }), 403);
  });
});

describe('isLoopbackName', () => {
  it('knows the names and addresses of this machine', () => {
    assert.deepEqual(['localhost', '127.1.2.3', '::1', '0.0.0.0', '::', '128.0.0.1'].map(isLoopbackName), [
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
