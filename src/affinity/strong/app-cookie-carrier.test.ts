import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestWith } from '../../../test/support/affinity.ts';
import { AppCookieCarrier } from './app-cookie-carrier.ts';
import type { TokenIssue } from './strong-carrier.ts';

const ISSUE: TokenIssue = {
  isDue: true,
  isSecure: false,
  nowSeconds: 1_800_000_000,
  maxAgeSeconds: 60,
  token: () => 'TOKEN',
};

/** What becomes of a Set-Cookie line of the application. */
function write(line: string): 'ended' | 'wrapped' | 'as it was' {
  const edits: Parameters<AppCookieCarrier['write']>[2] = [];
  const isEnded = new AppCookieCarrier('sid').write(ISSUE, requestWith([['set-cookie', line]]), edits);
  return isEnded ? 'ended' : edits.some(({ value }) => value.includes('TOKEN~')) ? 'wrapped' : 'as it was';
}

describe("AppCookieCarrier on the application's Set-Cookie", () => {
  const cases: readonly (readonly [attributes: string, what: 'ended' | 'wrapped'])[] = [
    ['', 'wrapped'],
    ['; Path=/; HttpOnly; SameSite=Lax', 'wrapped'],
    ['; Max-Age=0', 'ended'],
    ['; max-age=-1; Path=/', 'ended'],
    // RFC 6265bis §5.6: white space around an attribute's name and value means nothing.
    ['; Max-Age = 0', 'ended'],
    ['; Expires = Thu, 01 Jan 1970 00:00:00 GMT', 'ended'],
    ['; expires=Thu, 01-Jan-1970 00:00:01 GMT', 'ended'],
    ['; expires=Thursday, 01-Jan-70 00:00:01 GMT', 'ended'],
    ['; expires=Thu Jan  1 00:00:01 1970', 'ended'],
    ['; Expires=Sun, 06 Nov 2050 08:49:37 GMT', 'wrapped'],
    ['; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'wrapped'],
    ['; Max-Age=0; Max-Age=60', 'wrapped'],
    // No browser takes these for a date or a number (§5.1.1, §5.6.2), so they keep the cookie.
    ['; Expires=0', 'wrapped'],
    ['; Expires=-1', 'wrapped'],
    ['; Expires=', 'wrapped'],
    ['; Max-Age=', 'wrapped'],
    ['; Max-Age=0; Max-Age=soon', 'ended'],
  ];
  for (const [attributes, what] of cases) {
    it(`takes sid=x${attributes} as ${what}`, () => assert.equal(write(`sid=x${attributes}`), what));
  }

  it('takes an empty value as the end, and leaves other cookies alone', () => {
    assert.deepEqual(['sid=', 'sid=""; Path=/', 'xsid=1', 'Sid=1', 'sid'].map(write), [
      'ended',
      'ended',
      'as it was',
      'as it was',
      'as it was',
    ]);
  });
});
