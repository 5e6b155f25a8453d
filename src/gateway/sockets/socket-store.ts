import type { SocketsByKey } from './handover.ts';
import { BindError, ListenSocket } from './listen-socket.ts';

/** The sockets that a gateway listens on for a listener, by the listener's binding key. */
export interface SocketSupply {
  /** Sockets to listen on, none if other processes do, and the port that clients connect to. Throws as binding does. */
  take(key: string, host: string, port: number): { readonly port: number; readonly sockets: readonly ListenSocket[] };
  /** The listener is gone and its server closed. */
  release(key: string): void;
}

export interface SocketStoreOptions {
  /** Sockets per port where the platform spreads connections over several; elsewhere there is one. */
  readonly perPort: number;
  /** What a process that ran before handed over, by key. */
  readonly inherited?: SocketsByKey | undefined;
}

/**
 * The listening sockets of all listeners. They outlive the processes that accept from them, workers and, in a takeover,
 * this one: what has connected waits in them (docs/decisions/041-listening-sockets.md).
 */
export class SocketStore implements SocketSupply {
  readonly #perPort: number;
  readonly #open = new Map<string, readonly ListenSocket[]>();
  readonly #inherited: Map<string, readonly ListenSocket[]>;

  constructor(options: SocketStoreOptions) {
    this.#perPort = options.perPort;
    this.#inherited = new Map(options.inherited);
  }

  take(key: string, host: string, port: number): { readonly port: number; readonly sockets: readonly ListenSocket[] } {
    let sockets = this.#open.get(key);
    if (sockets === undefined) {
      sockets = this.#acquire(key, host, port);
      this.#open.set(key, sockets);
    }
    return { port: (sockets[0] as ListenSocket).port, sockets };
  }

  release(key: string): void {
    for (const socket of this.#open.get(key) ?? []) socket.close();
    this.#open.delete(key);
  }

  /** Sockets of a key that is taken; none for others. */
  socketsOf(key: string): readonly ListenSocket[] {
    return this.#open.get(key) ?? [];
  }

  get keys(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** For a process that takes over. */
  get all(): SocketsByKey {
    return this.#open;
  }

  /** To be called once all listeners have theirs: what the process before listened on and this one does not is closed. */
  discardInherited(): void {
    for (const sockets of this.#inherited.values()) for (const socket of sockets) socket.close();
    this.#inherited.clear();
  }

  close(): void {
    this.discardInherited();
    for (const key of this.keys) this.release(key);
  }

  #acquire(key: string, host: string, port: number): readonly ListenSocket[] {
    const inherited = this.#inherited.get(key) ?? [];
    this.#inherited.delete(key);
    // All of them, whatever the number of workers: a socket with connections in its queue is never closed.
    const sockets = inherited.length > 0 ? [...inherited] : [bindFirst(host, port)];
    const { port: bound } = sockets[0] as ListenSocket;
    try {
      while (sockets.length < this.#perPort) sockets.push(ListenSocket.bind(host, bound, { reusePort: true }));
    } catch {
      // One socket is enough: workers can accept from it in turns.
    }
    return sockets;
  }
}

/**
 * Binding with reuse of the port would let a second gateway, started by mistake, take half of the connections, so the
 * port is first asked for without.
 */
function bindFirst(host: string, port: number): ListenSocket {
  if (port !== 0) ListenSocket.bind(host, port, { reusePort: false }).close();
  try {
    return ListenSocket.bind(host, port, { reusePort: true });
  } catch (error) {
    if (!(error instanceof BindError) || error.code !== 'ENOTSUP') throw error;
    return ListenSocket.bind(host, port, { reusePort: false });
  }
}
