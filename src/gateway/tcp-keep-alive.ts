import type { Socket } from 'node:net';

/** After this time without a byte the kernel asks whether the other end is still there. */
const SILENT_MILLIS = 60_000;

/** Lets the kernel find out when the other end has vanished without a word; the socket then ends with an error. */
export function probeWhenSilent(socket: Socket): void {
  socket.setKeepAlive(true, SILENT_MILLIS);
}
