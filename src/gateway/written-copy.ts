import type { Socket } from 'node:net';

/** A full read buffer fits. */
const BLOCK_BYTES = 65_536;
/** Blocks that are kept for the next writes: 2 MiB for all connections. */
const MAX_SPARE_BLOCKS = 32;

const spare: Buffer[] = [];

/**
 * Writes a copy of `data`, which may be reused by its owner after this returns. False: wait for the socket's `drain`.
 * Large copies are made in blocks that are used again when the kernel has taken them: memory outside of V8's heap makes
 * its collector look through all that is in it, every few dozen MiB of a download (docs/decisions/025).
 */
export function writeCopy(socket: Socket, data: Buffer): boolean {
  // A block must not be wasted on what is small: slow clients hold many of them.
  if (data.length < BLOCK_BYTES / 2 || data.length > BLOCK_BYTES) return socket.write(Buffer.from(data));
  const block = spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  data.copy(block);
  return socket.write(block.subarray(0, data.length), (error) => {
    // Of a write that failed nobody can say whether it is over.
    if (!error && spare.length < MAX_SPARE_BLOCKS) spare.push(block);
  });
}
