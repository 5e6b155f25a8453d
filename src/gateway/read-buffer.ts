import { Socket, type SocketConstructorOpts } from 'node:net';
import { readFairly } from './fair-reading.ts';

/** One buffer for all reads of all client connections: what arrives is dealt with before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);

interface SocketHandle {
  readonly useUserBuffer?: unknown;
}

/**
 * Makes an accepted socket read into one shared buffer, as `onread` does for sockets that connect: node:net has no such
 * option for a server's sockets, so the connection's handle moves to a socket that has it (docs/decisions/006). Wants a
 * server with `pauseOnConnect`. `onData` must have copied what it keeps when it returns. Where a Node version has no
 * such handle, the socket is returned as it is, and reads as every other socket does.
 */
export function adoptSocket(accepted: Socket, onData: (chunk: Buffer) => void): Socket {
  const owner = accepted as unknown as { _handle: SocketHandle | null };
  const handle = owner._handle;
  if (handle === null || typeof handle?.useUserBuffer !== 'function') {
    accepted.on('data', onData);
    return accepted;
  }
  owner._handle = null;
  const options = {
    handle,
    allowHalfOpen: true,
    onread: readFairly(READ_BUFFER, onData, () => socket),
  };
  // The types know `handle` for bound sockets only.
  const socket = new Socket(options as unknown as SocketConstructorOpts);
  return socket;
}
