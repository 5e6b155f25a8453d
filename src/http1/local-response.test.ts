import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordResponses } from '../../test/support/http1-recorder.ts';
import { DEFAULT_HTTP1_LIMITS } from './http1-limits.ts';
import { encodeLocalResponse } from './local-response.ts';

function read(response: string, method = 'GET'): string[] {
  return recordResponses(DEFAULT_HTTP1_LIMITS, [Buffer.from(response, 'latin1')], false, 'inline', method).events;
}

describe('encodeLocalResponse', () => {
  it('is a response that our own parser reads to its end', () => {
    const response = encodeLocalResponse(503, 'x-a: 1\r\n', 'no \xe9ndpoint', false, true, 1);
    assert.deepEqual(read(response), ['response 503 "Service Unavailable" length=11', 'body no \xe9ndpoint', 'end']);
    assert.match(response, /\r\nx-a: 1\r\n/);
  });

  it('says that the connection closes', () => {
    assert.match(encodeLocalResponse(400, '', '', false, false, 1), /\r\nconnection: close\r\n/);
    assert.match(encodeLocalResponse(404, '', '', false, true, 0), /\r\nconnection: keep-alive\r\n/);
  });

  it('leaves the body of a response to HEAD out and keeps its length', () => {
    const response = encodeLocalResponse(404, '', 'gone', true, true, 1);
    assert.deepEqual(read(response, 'HEAD'), ['response 404 "Not Found" none described-length=4', 'end']);
  });

  it('has neither body nor length with 204 and 304', () => {
    for (const status of [204, 304]) {
      assert.doesNotMatch(encodeLocalResponse(status, '', 'x', false, true, 1), /content-length|x$/);
    }
  });

  it('is valid with a status that has no known reason', () => {
    assert.deepEqual(read(encodeLocalResponse(599, '', '', false, true, 1)), ['response 599 length=0', 'end']);
  });
});
