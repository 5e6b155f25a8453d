import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mostSpecific, servedHostnames } from './resolve-hostnames.ts';

describe('servedHostnames', () => {
  it('gives the listener alone to a route without hostnames', () => {
    assert.deepEqual(servedHostnames('*.example.com', []), ['*.example.com']);
  });

  it('keeps what both have, the narrower of each', () => {
    assert.deepEqual(servedHostnames('*.example.com', ['a.example.com', '*.b.example.com', 'example.com', '*.com']), [
      'a.example.com',
      '*.b.example.com',
      '*.example.com',
    ]);
    assert.deepEqual(servedHostnames('*', ['Any.Name']), ['any.name']);
    assert.deepEqual(servedHostnames('a.example.com', ['b.example.com']), []);
  });
});

describe('mostSpecific', () => {
  it('prefers the longest pattern that has the name', () => {
    const listeners = ['*', '*.example.com', '*.a.example.com', 'x.a.example.com'];
    assert.equal(mostSpecific(listeners, 'x.a.example.com'), 'x.a.example.com');
    assert.equal(mostSpecific(listeners, 'y.a.example.com'), '*.a.example.com');
    assert.equal(mostSpecific(listeners, 'a.example.com'), '*.example.com');
    assert.equal(mostSpecific(listeners, 'example.com'), '*');
    assert.equal(mostSpecific(['*.example.com'], 'other'), null);
  });
});
