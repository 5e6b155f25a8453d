import { KeepAliveConnection, type RequestFailure, type TimedResponse } from '../support/keep-alive-connection.ts';

export interface Balanced {
  readonly path: string;
  readonly lines: string;
  /** On a connection that nobody used before and nobody uses again: cookies may be made of a connection's addresses. */
  readonly isAlone: boolean;
}

/**
 * The balancer in front of the gateways: round robin, on keep-alive connections of its own. A gateway to which it can't
 * connect is passed over, since nothing was sent.
 */
export class FrontBalancer {
  /** Requests that found a gateway closed and went to the next. */
  passedOver = 0;
  readonly #idle = new Map<number, KeepAliveConnection[]>();
  readonly #active = new Map<number, number>();
  #ports: readonly number[];
  #next = 0;

  constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  get ports(): readonly number[] {
    return this.#ports;
  }

  /** The gateways from now on. */
  use(ports: readonly number[]): void {
    this.#ports = ports;
    for (const [port, connections] of this.#idle) {
      if (ports.includes(port)) continue;
      for (const connection of connections) connection.close();
      this.#idle.delete(port);
    }
  }

  /** As `use` without this gateway; resolves when its last request has its answer. */
  async leave(port: number): Promise<void> {
    this.use(this.#ports.filter((each) => each !== port));
    while ((this.#active.get(port) ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async send(request: Balanced): Promise<TimedResponse | RequestFailure> {
    const first = this.#next++;
    for (let tries = 1; ; tries++) {
      const port = this.#ports[(first + tries) % this.#ports.length] ?? 0;
      const result = await this.sendTo(port, request);
      if (!('reason' in result) || result.reason !== 'ECONNREFUSED' || tries === this.#ports.length) return result;
      this.passedOver++;
    }
  }

  async sendTo(port: number, { path, lines, isAlone }: Balanced): Promise<TimedResponse | RequestFailure> {
    const pooled = isAlone ? undefined : this.#idle.get(port)?.pop();
    const connection = pooled ?? new KeepAliveConnection(port, 'shop.example', '/');
    this.#active.set(port, (this.#active.get(port) ?? 0) + 1);
    const result = await connection.request(lines, !isAlone, path);
    this.#active.set(port, (this.#active.get(port) ?? 0) - 1);
    if (isAlone || 'reason' in result || !this.#ports.includes(port)) connection.close();
    else if (this.#idle.has(port)) this.#idle.get(port)?.push(connection);
    else this.#idle.set(port, [connection]);
    return result;
  }

  close(): void {
    this.use([]);
  }
}
