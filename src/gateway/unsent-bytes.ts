import type { Socket } from 'node:net';

/**
 * A number that falls with each byte that the kernel takes of what was written to `socket`, and is 0 when all is taken.
 * The socket itself only tells of whole writes; its handle (undocumented, and not relied on) also of the one under way.
 */
export function unsentBytes(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { readonly _handle: { readonly writeQueueSize?: number } | null };
  return socket.writableLength + (handle?.writeQueueSize ?? 0);
}
