import { type ChildProcess, fork, type SendHandle } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname, extname } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ListenSocket } from '../sockets/listen-socket.ts';
import { shortCollectionFlags } from '../v8-heap.ts';
import type { PrimaryMessage, WorkerMessage } from './messages.ts';

/** A .ts file in a checkout, a .js file in an installed package. */
const WORKER_MAIN: string = fileURLToPath(new URL(`./worker-main${extname(import.meta.url)}`, import.meta.url));

export interface WorkerProcessOptions {
  readonly slot: number;
  /** The access log goes to standard output: it comes by `output`. */
  readonly hasOutput: boolean;
  readonly onMessage: (message: WorkerMessage) => void;
  /** Once, after all its output has been read; says how it ended. */
  readonly onExit: (how: string) => void;
}

/** One worker's process, seen from the primary. */
export class WorkerProcess {
  readonly startedAt: number = performance.now();
  /** Pings since it last answered one. */
  unanswered = 0;
  readonly #child: ChildProcess;
  #hasEnded = false;

  constructor(options: WorkerProcessOptions) {
    // The slot is there for those who read a list of processes.
    this.#child = fork(WORKER_MAIN, [`--worker=${options.slot}`], {
      serialization: 'advanced',
      execArgv: [...shortCollectionFlags(), ...process.execArgv],
      env: workerEnvironment(),
      stdio: ['ignore', options.hasOutput ? 'pipe' : 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => options.onMessage(message as WorkerMessage));
    const end = (how: string): void => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      options.onExit(how);
    };
    this.#child.on('close', (code, signal) => end(signal ?? `exit code ${code}`));
    // It could not be started, or a message could not be sent because it has just ended.
    this.#child.on('error', (error) => {
      if (this.#child.pid === undefined) end(error.message);
    });
  }

  /** 0: it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** null: it has none of its own. */
  get output(): Readable | null {
    return this.#child.stdout;
  }

  /** Does nothing once the process has ended. */
  send(message: PrimaryMessage, socket?: ListenSocket): void {
    if (!this.#child.connected) return;
    const handle: SendHandle = socket?.sendable;
    this.#child.send(message, handle, undefined, () => {});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Compiling the sources is most of what a start costs, so workers share the primary's cache where it has one. */
function workerEnvironment(): NodeJS.ProcessEnv {
  // Below the folder that the setting names there is one for each version of Node.
  const cache = getCompileCacheDir();
  return cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: dirname(cache) };
}
