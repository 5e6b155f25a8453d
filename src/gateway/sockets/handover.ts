import { type ChildProcess, type SendHandle, spawn } from 'node:child_process';
import process from 'node:process';
import { ListenSocket } from './listen-socket.ts';

/** Set for a successor, together with a channel to the process that started it. */
const SUCCESSOR_MARK = 'LIMPET_SUCCESSOR';
/** A successor that does not serve by then never will. */
const START_MILLIS = 120_000;

/** What the two say to each other, in this order. `socket` brings the socket along. */
type SuccessorMessage = { readonly kind: 'hello' } | { readonly kind: 'serving' };
type PredecessorMessage =
  | { readonly kind: 'socket'; readonly key: string; readonly index: number }
  | { readonly kind: 'end' };

/** Listening sockets by key. */
export type SocketsByKey = ReadonlyMap<string, readonly ListenSocket[]>;

/** What a process that was started to take over has from the one that started it. */
export interface Inheritance {
  readonly sockets: SocketsByKey;
  /** Tells the predecessor that this process serves, so that it stops accepting, finishes what it has, and ends. */
  announce(): void;
}

/**
 * Starts this program anew, as it is on disk now, with the same arguments, and gives it the listening sockets: both
 * accept from the same queues until this process stops, so no connection is refused or lost on the way. Resolves with
 * the successor's process id when it serves; rejects if it ends before, or `signal` aborts: then it is gone.
 */
export async function startSuccessor(sockets: SocketsByKey, signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [SUCCESSOR_MARK]: '1' },
  });
  const abort = (): void => void child.kill();
  signal.addEventListener('abort', abort);
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MILLIS);
  try {
    await untilServing(child, sockets);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
  if (child.connected) child.disconnect();
  child.unref();
  return child.pid ?? 0;
}

/** null: this process was not started to take over from another. Rejects if that other ends before it has handed over. */
export async function receiveInheritance(): Promise<Inheritance | null> {
  if (process.env[SUCCESSOR_MARK] === undefined || process.send === undefined) return null;
  // Processes that this one starts are no successors.
  delete process.env[SUCCESSOR_MARK];
  const sockets = new Map<string, ListenSocket[]>();
  await new Promise<void>((resolve, reject) => {
    const fail = (): void => reject(new Error('the process to take over from has ended'));
    process.once('disconnect', fail);
    process.on('message', function receive(message: PredecessorMessage, handle: SendHandle) {
      if (message.kind === 'socket') {
        const received = sockets.get(message.key) ?? [];
        received[message.index] = ListenSocket.receive(handle);
        sockets.set(message.key, received);
        return;
      }
      process.removeListener('message', receive);
      process.removeListener('disconnect', fail);
      resolve();
    });
    tell({ kind: 'hello' });
  });
  return {
    sockets,
    announce: () => tell({ kind: 'serving' }),
  };
}

function untilServing(child: ChildProcess, sockets: SocketsByKey): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`the new process ended with ${signal ?? `exit code ${code}`} before it served`)),
    );
    child.on('message', (message: SuccessorMessage) => {
      if (message.kind === 'hello') sendSockets(child, sockets);
      else resolve();
    });
  });
}

function sendSockets(child: ChildProcess, sockets: SocketsByKey): void {
  const send = (message: PredecessorMessage, socket?: ListenSocket): void => {
    child.send(message, socket?.sendable, undefined, () => {});
  };
  for (const [key, list] of sockets) {
    for (const [index, socket] of list.entries()) send({ kind: 'socket', key, index }, socket);
  }
  send({ kind: 'end' });
}

/** A predecessor that has died meanwhile need not be told. */
function tell(message: SuccessorMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
