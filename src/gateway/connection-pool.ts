/** What a pool needs to know of a connection. */
export interface PooledConnection {
  /** Set by the pool: `performance.now()` at which the connection became idle. */
  idleSince: number;
  destroy(): void;
}

/**
 * The idle connections to one upstream address, last in, first out: the warmest connection is used again and the
 * coldest age out, so that the pool shrinks by itself when load falls.
 */
export class ConnectionPool<C extends PooledConnection> {
  readonly #idle: C[] = [];
  #closed = false;

  get idleCount(): number {
    return this.#idle.length;
  }

  take(): C | undefined {
    return this.#idle.pop();
  }

  /** Returns a connection that can carry another request; a closed pool destroys it. */
  put(connection: C): void {
    if (this.#closed) {
      connection.destroy();
      return;
    }
    connection.idleSince = performance.now();
    this.#idle.push(connection);
  }

  /** An idle connection has died. */
  remove(connection: C): void {
    const index = this.#idle.lastIndexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Destroys what has been idle since before `limit`; the oldest are at the bottom. */
  trim(limit: number): void {
    let expired = 0;
    while (expired < this.#idle.length && (this.#idle[expired] as C).idleSince < limit) expired++;
    for (const connection of this.#idle.splice(0, expired)) connection.destroy();
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }
}
