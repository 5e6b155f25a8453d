import type { SendHandle } from 'node:child_process';
import { flushCompileCache } from 'node:module';
import type { PrimaryMessage, WorkerMessage } from './messages.ts';
import { Worker } from './worker.ts';

/** Time for running requests when the primary has died and can't say what it wants. */
const ORPHAN_GRACE_MILLIS = 30_000;

let worker: Worker | null = null;
let isDraining = false;

function send(message: WorkerMessage): void {
  // The primary may be gone between two statements; then nobody has to know.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function drain(graceMillis: number): Promise<void> {
  if (isDraining) return;
  isDraining = true;
  await worker?.drain(graceMillis);
  process.exit(0);
}

process.on('message', (message: PrimaryMessage, handle: SendHandle) => {
  if (message.kind === 'settings') worker = new Worker({ ...message, send });
  else if (message.kind === 'drain') void drain(message.graceMillis);
  else void worker?.receive(message, handle);
});
process.on('disconnect', () => void drain(ORPHAN_GRACE_MILLIS));

// A terminal and a service manager signal all processes of a group; the primary decides what that means for workers.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});

// Workers end by SIGKILL more often than otherwise, and only a process that exits writes what it compiled.
flushCompileCache();
