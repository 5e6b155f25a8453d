import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REQUEST_ERRORS, RESPONSE_ERRORS } from './http1-error.ts';

describe('REQUEST_ERRORS', () => {
  it('has an error with its own code and a status that refuses', () => {
    for (const [code, error] of Object.entries(REQUEST_ERRORS)) {
      assert.equal(error.code, code);
      assert.equal(error.side, 'request');
      assert(error.status >= 400 && error.status < 600, code);
    }
  });

  it('has no stack', () => {
    assert(!('stack' in REQUEST_ERRORS['bad-header']));
  });
});

describe('RESPONSE_ERRORS', () => {
  it('has the same codes, all of which are a bad gateway to the client', () => {
    assert.deepEqual(Object.keys(RESPONSE_ERRORS), Object.keys(REQUEST_ERRORS));
    for (const error of Object.values(RESPONSE_ERRORS)) {
      assert.deepEqual([error.side, error.status], ['response', 502]);
    }
  });
});
