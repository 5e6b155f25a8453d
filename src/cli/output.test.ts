import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { count, formatTable } from './output.ts';

describe('count', () => {
  it('knows one from many', () => {
    assert.deepEqual([count(0, 'error'), count(1, 'error'), count(2, 'error')], ['0 errors', '1 error', '2 errors']);
  });
});

describe('formatTable', () => {
  it('makes columns as wide as their widest cell, without blanks at the end', () => {
    assert.equal(
      formatTable([
        ['POD', 'STATE'],
        ['httpbin-0', 'up'],
        ['a', ''],
      ]),
      'POD        STATE\nhttpbin-0  up\na\n',
    );
  });
});
