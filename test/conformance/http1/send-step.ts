import type { Socket } from 'node:net';
import { type SendStep, toBytes } from './corpus.ts';

/** The corpus asks for pauses: a slow peer is what some cases are about, and others wait whether anything more arrives. */
export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

/** Writes the bytes of a step, whole or in pieces. */
export async function sendStep(socket: Socket, step: SendStep): Promise<void> {
  const bytes = toBytes(step.send);
  const size = step.chunk === undefined || step.chunk === 0 ? bytes.length : step.chunk;
  for (let at = 0; at < bytes.length; at += size) {
    if (at > 0) await pause(step.delay_ms ?? 1);
    if (socket.destroyed) return;
    socket.write(bytes.subarray(at, at + size));
  }
}
