import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearestName } from './nearest-name.ts';

describe('nearestName', () => {
  const known = ['httpCookie', 'httpHeaderName', 'useSourceIp', 'ttl', 'name'];

  it('finds slips of the finger', () => {
    assert.equal(nearestName('httpCokie', known), 'httpCookie');
    assert.equal(nearestName('httpcookie', known), 'httpCookie');
    assert.equal(nearestName('http_cookie', known), 'httpCookie');
    assert.equal(nearestName('useSourceIP', known), 'useSourceIp');
    assert.equal(nearestName('nmae', known), 'name');
    assert.equal(nearestName('tlt', known), 'ttl');
  });

  it('guesses nothing where nothing is near', () => {
    assert.equal(nearestName('retries', known), null);
    assert.equal(nearestName('x', known), null);
    assert.equal(nearestName('', known), null);
    assert.equal(nearestName('a'.repeat(100_000), known), null);
  });
});
