import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeChunkSize, encodeLastChunk } from './encode-body.ts';

// Trailers are in testdata/request-trailers.md, as `forward` blocks.
describe('encodeChunkSize', () => {
  it('is hexadecimal', () => {
    assert.equal(encodeChunkSize(1), '1\r\n');
    assert.equal(encodeChunkSize(65_535), 'ffff\r\n');
    assert.equal(encodeChunkSize(Number.MAX_SAFE_INTEGER), '1fffffffffffff\r\n');
  });
});

describe('encodeLastChunk', () => {
  it('ends a body without trailers', () => {
    assert.equal(encodeLastChunk(null), '0\r\n\r\n');
  });
});
