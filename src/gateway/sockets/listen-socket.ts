import type { SendHandle } from 'node:child_process';
import net, { isIP, type Server } from 'node:net';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';

/** As many connections may wait to be accepted; the kernel caps it at net.core.somaxconn. */
const BACKLOG = 4096;

/** libuv's UV_TCP_REUSEPORT: the kernel spreads connections over all sockets of the port that were bound with it. */
const REUSE_PORT = 2;

/** Node's handle of a bound TCP socket. */
interface TcpHandle {
  getsockname(out: { port?: number }): number;
  close(): void;
}

type CreateServerHandle = (
  address: string,
  port: number,
  family: 4 | 6,
  fd: undefined,
  flags: number,
) => TcpHandle | number;

/**
 * What Node's own cluster module binds sockets with. The public way, `Server.listen`, also accepts connections at once,
 * and a process that only keeps sockets for others must never do that (docs/decisions/041-listening-sockets.md).
 */
const createServerHandle = (net as unknown as { readonly _createServerHandle?: CreateServerHandle })
  ._createServerHandle;

/** False on a Node without the means to keep a socket that other processes listen on. */
export const CAN_KEEP_SOCKETS: boolean = typeof createServerHandle === 'function';

/** A port that could not be bound; `message` and `code` are as node:net has them. */
export class BindError extends Error {
  readonly code: string;

  constructor(errno: number, address: string, port: number) {
    const code = getSystemErrorName(errno);
    const where = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
    super(`listen ${code}: ${getSystemErrorMessage(errno)} ${where}`);
    this.code = code;
  }
}

/**
 * A TCP socket that is bound. From the first `listenOn` in any process that has it on, connections queue in it, and
 * they go on queueing while nobody accepts: they are lost only when the last process that has it closes it.
 */
export class ListenSocket {
  readonly port: number;
  readonly #handle: TcpHandle;

  private constructor(handle: TcpHandle, port: number) {
    this.#handle = handle;
    this.port = port;
  }

  /** Port 0 binds a free one. Throws a BindError. With `reusePort`, other sockets bound with it may have the port too. */
  static bind(address: string, port: number, options: { readonly reusePort: boolean }): ListenSocket {
    const family = isIP(address) === 6 ? 6 : 4;
    const handle = createServerHandle?.(address, port, family, undefined, options.reusePort ? REUSE_PORT : 0);
    if (handle === undefined) throw new Error('this Node version offers no way to bind a socket for other processes');
    if (typeof handle === 'number') throw new BindError(handle, address, port);
    return ListenSocket.#adopt(handle, address, port);
  }

  /** A socket that another process has sent. */
  static receive(handle: SendHandle): ListenSocket {
    return ListenSocket.#adopt(handle as unknown as TcpHandle, '', 0);
  }

  /** As a process channel's `send` takes it: the other process gets a socket of its own on the same queue. */
  get sendable(): SendHandle {
    return this.#handle as unknown as SendHandle;
  }

  /** Rejects as `Server.listen` does. Closing the server closes this process's socket too. */
  listenOn(server: Server): Promise<void> {
    return listen(server, (onListening) => server.listen(this.#handle, BACKLOG, onListening));
  }

  close(): void {
    this.#handle.close();
  }

  static #adopt(handle: TcpHandle, address: string, port: number): ListenSocket {
    const bound: { port?: number } = {};
    // A port that is taken shows here: libuv keeps that error of `bind` back.
    const errno = handle.getsockname(bound);
    if (errno === 0) return new ListenSocket(handle, bound.port ?? port);
    handle.close();
    throw new BindError(errno, address, port);
  }
}

/** The public way, for a gateway that shares its ports with no other process. Resolves with the port. */
export async function listenOnPort(server: Server, host: string, port: number): Promise<number> {
  await listen(server, (onListening) => server.listen({ host, port, backlog: BACKLOG }, onListening));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function listen(server: Server, start: (onListening: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    start(() => {
      server.removeListener('error', reject);
      // A failed accept (no file descriptors left) is no reason to end.
      server.on('error', () => {});
      resolve();
    });
  });
}
