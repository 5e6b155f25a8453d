import type { Socket } from 'node:net';

/** Full buffers that one connection may deliver in a row. */
const READS_IN_A_ROW = 2;
/** Connections that may go on after each turn of the event loop, out of those that gave way. */
const RESUMED_PER_TURN = 4;

/** Those that gave way, in order. */
const waiting: Socket[] = [];

function resumeNext(): void {
  for (const socket of waiting.splice(0, RESUMED_PER_TURN)) {
    // Meanwhile somebody may have paused it, who will resume it.
    if (!socket.destroyed && !socket.isPaused()) socket.resume();
  }
  if (waiting.length > 0) setImmediate(resumeNext);
}

/** `onread` of node:net. */
export interface FairReading {
  readonly buffer: Buffer;
  readonly callback: (length: number) => boolean;
}

/**
 * Reads a socket into a shared buffer, and lets others have their turn: node:net would read up to 32 full buffers of one
 * connection before it looks at the next, so that a few large transfers delay every small request by their sum
 * (docs/decisions/025). Who has filled the buffer several times in a row waits until the event loop has been round, and
 * until those that gave way before have gone on.
 * `onData` must have copied what it keeps when it returns; `socketOf` is asked only after the socket is there.
 */
export function readFairly(buffer: Buffer, onData: (chunk: Buffer) => void, socketOf: () => Socket): FairReading {
  let inARow = 0;
  return {
    buffer,
    callback(length) {
      inARow = length === buffer.length ? inARow + 1 : 0;
      onData(buffer.subarray(0, length));
      if (inARow < READS_IN_A_ROW) return true;
      inARow = 0;
      if (waiting.push(socketOf()) === 1) setImmediate(resumeNext);
      return false;
    },
  };
}
