import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { closeForClient, closeForPod, FrameFollower } from './websocket-close.ts';

/** A frame with this payload length; masked as from a client, if wanted. */
function frame(opcode: number, length: number, isMasked: boolean): Buffer {
  const size = length < 126 ? [length] : length < 65_536 ? [126, 0, 0] : [127, 0, 0, 0, 0, 0, 0, 0, 0];
  const head = Buffer.from([0x80 | opcode, ...size]);
  if (length >= 65_536) head.writeBigUInt64BE(BigInt(length), 2);
  else if (length >= 126) head.writeUInt16BE(length, 2);
  if (isMasked) head[1] = (head[1] as number) | 0x80;
  return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0, 9), Buffer.alloc(length, opcode)]);
}

/** Cuts the bytes at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const frames = fc.array(
  fc.record({ opcode: fc.constantFrom(0, 1, 2, 9, 10), length: fc.constantFrom(0, 1, 125, 126, 300, 65_535, 65_536) }),
  { minLength: 1, maxLength: 5 },
);

describe('FrameFollower', () => {
  it('knows when no frame is under way, however the bytes are cut', () => {
    fc.assert(
      fc.property(frames, fc.boolean(), fc.array(fc.nat()), (list, isMasked, places) => {
        const bytes = list.map(({ opcode, length }) => frame(opcode, length, isMasked));
        const ends = new Set<number>([0]);
        let sum = 0;
        for (const one of bytes) {
          sum += one.length;
          ends.add(sum);
        }
        const follower = new FrameFollower();
        let at = 0;
        for (const piece of cut(Buffer.concat(bytes), places)) {
          assert.equal(follower.pass(piece), piece);
          at += piece.length;
          assert.equal(follower.isBetweenFrames, ends.has(at));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('lets the frame under way pass and nothing behind it once it is to end', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { minLength: 1 }), (list, places) => {
        const bytes = list.map(({ opcode, length }) => frame(opcode, length, true));
        const all = Buffer.concat(bytes);
        const [first = Buffer.alloc(0), ...rest] = cut(all, places);
        const follower = new FrameFollower();
        follower.pass(first);
        follower.end();
        const passed = rest.reduce((sum, piece) => sum + follower.pass(piece).length, first.length);
        let end = 0;
        for (const one of bytes) if (end < first.length) end += one.length;
        assert.equal(passed, end);
        assert.equal(follower.isBetweenFrames, true);
      }),
      { numRuns: 50 },
    );
  });

  it('sees that the sender has closed', () => {
    const follower = new FrameFollower();
    follower.pass(frame(9, 3, false));
    assert.equal(follower.hasClosed, false);
    follower.pass(frame(8, 2, false));
    assert.equal(follower.hasClosed, true);
  });
});

describe('close frames', () => {
  it('say 1012 to the client and 1001, masked, to the pod', () => {
    assert.deepEqual([...closeForClient()], [0x88, 2, 0x03, 0xf4]);
    const [head, length, ...rest] = closeForPod();
    assert.deepEqual([head, length, rest.length], [0x88, 0x82, 6]);
    const code = [0, 1].map((index) => (rest[4 + index] as number) ^ (rest[index] as number));
    assert.deepEqual(code, [0x03, 0xe9]);
  });
});
