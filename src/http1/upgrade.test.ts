import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { offers, protocolNames } from './upgrade.ts';

describe('offers', () => {
  it('wants every chosen protocol among the offered ones, in any case', () => {
    assert(offers('websocket', 'WebSocket') && offers('foo/2, websocket', 'websocket') && offers('a,b', 'b , a'));
    assert(!offers('websocket', 'foo') && !offers('websocket', 'websocket, foo') && !offers('websockets', 'websocket'));
  });

  it('takes nothing for no choice', () => {
    assert(!offers('websocket', '') && !offers('websocket', ' , ') && !offers('', 'websocket') && !offers('', ''));
  });
});

describe('protocolNames', () => {
  it('skips empty elements', () => {
    assert.deepEqual(protocolNames(', H2C,,websocket '), ['h2c', 'websocket']);
  });
});
