import type { Socket } from 'node:net';
import { writeCopy } from './written-copy.ts';

/** Text that waits for the end of the events at hand is written at once beyond this length. */
const MAX_WAITING_LENGTH = 16_384;

let due: SocketWriter[] = [];

function writeDue(): void {
  const writers = due;
  due = [];
  for (const writer of writers) writer.flush();
}

/**
 * Writes to a socket when all events that the event loop has at hand are dealt with, so that the writes of many
 * connections follow one another: their receivers are woken once and not each time anew, and the processor's caches
 * serve one kind of work at a time. With one connection nothing waits. Why: docs/decisions/007.
 */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #onBlocked: (() => void) | null;
  #text = '';

  /** `onBlocked` is told when the socket could not take what was written; its `drain` event says when it can again. */
  constructor(socket: Socket, onBlocked: (() => void) | null) {
    this.#socket = socket;
    this.#onBlocked = onBlocked;
  }

  /** Characters (bytes) that have not been handed to the socket yet. */
  get waitingLength(): number {
    return this.#text.length;
  }

  /** Strings are byte strings; a buffer may be reused after this returns. False: the socket is behind, wait for its `drain`. */
  write(data: string | Buffer): boolean {
    if (typeof data !== 'string') {
      this.flush();
      return this.#handOver(data);
    }
    if (this.#text === '' && due.push(this) === 1) setImmediate(writeDue);
    this.#text += data;
    return this.#text.length < MAX_WAITING_LENGTH ? !this.#socket.writableNeedDrain : this.flush();
  }

  /** Hands over what waits; to be called before the socket is ended. False as for `write`. */
  flush(): boolean {
    const text = this.#text;
    this.#text = '';
    return text === '' || this.#socket.destroyed || this.#handOver(text);
  }

  #handOver(data: string | Buffer): boolean {
    const mayGoOn = typeof data === 'string' ? this.#socket.write(data, 'latin1') : writeCopy(this.#socket, data);
    if (!mayGoOn) this.#onBlocked?.();
    return mayGoOn;
  }
}
