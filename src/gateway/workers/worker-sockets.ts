import type { ListenSocket } from '../sockets/listen-socket.ts';
import type { SocketSupply } from '../sockets/socket-store.ts';

/** The listening sockets that the primary has sent to this worker. */
export class WorkerSockets implements SocketSupply {
  readonly #byKey = new Map<string, Map<number, ListenSocket>>();

  add(key: string, index: number, socket: ListenSocket): void {
    const sockets = this.#byKey.get(key) ?? new Map<number, ListenSocket>();
    sockets.set(index, socket);
    this.#byKey.set(key, sockets);
  }

  /** Closes this process's side of the socket; its queue lives on in the primary. */
  drop(key: string, index: number): void {
    const sockets = this.#byKey.get(key);
    sockets?.get(index)?.close();
    sockets?.delete(index);
  }

  of(key: string): readonly ListenSocket[] {
    return [...(this.#byKey.get(key)?.values() ?? [])];
  }

  take(key: string, _host: string, port: number): { readonly port: number; readonly sockets: readonly ListenSocket[] } {
    const sockets = this.of(key);
    return { port: sockets[0]?.port ?? port, sockets };
  }

  release(key: string): void {
    for (const socket of this.of(key)) socket.close();
    this.#byKey.delete(key);
  }
}
