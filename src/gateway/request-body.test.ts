import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestBody } from './request-body.ts';

/** Pushes the bytes of `text` in pieces of `size` through a buffer that is used again each time. */
function pushAll(body: RequestBody, text: string, size: number): void {
  const reused = Buffer.alloc(size);
  for (let at = 0; at < text.length; at += size) {
    const length = reused.write(text.slice(at, at + size), 'latin1');
    body.push(reused.subarray(0, length));
  }
}

function textOf(body: RequestBody): string {
  return Buffer.concat(body.pieces).toString('latin1');
}

describe('RequestBody', () => {
  it('keeps what was pushed, in whatever pieces', () => {
    const text = Array.from({ length: 200_000 }, (_, i) => String.fromCharCode(33 + (i % 90))).join('');
    for (const size of [1, 7, 1_023, 1_024, 1_025, 65_536, 65_537, 150_000]) {
      const body = new RequestBody();
      body.begin(200_000);
      pushAll(body, text, size);
      assert.ok(body.isReplayable);
      assert.equal(textOf(body), text, `pieces of ${size}`);
      assert.ok(body.pieces.length < 30, `${body.pieces.length} blocks for pieces of ${size}`);
    }
  });

  it('keeps nothing of a body that is longer than its limit', () => {
    const body = new RequestBody();
    body.begin(10);
    pushAll(body, 'x'.repeat(10), 3);
    assert.ok(body.isReplayable);
    pushAll(body, 'x', 1);
    assert.ok(!body.isReplayable);
    assert.deepEqual(body.pieces, []);
  });

  it('can repeat a request without a body after release, but not one whose bytes are gone', () => {
    const body = new RequestBody();
    body.begin(10);
    body.release();
    assert.ok(body.isReplayable);
    pushAll(body, 'x', 1);
    assert.ok(!body.isReplayable);
  });

  it('starts anew', () => {
    const body = new RequestBody();
    body.begin(0);
    pushAll(body, 'gone', 4);
    body.begin(10);
    pushAll(body, 'here', 4);
    assert.ok(body.isReplayable);
    assert.equal(textOf(body), 'here');
  });
});
