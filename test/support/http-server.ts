import { createServer, type RequestListener, type Server } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A server of a test on a port of its own; `await using` closes it together with its connections. */
export interface TestServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** `http://host:port`. */
  readonly url: string;
  /** Connections accepted so far. */
  connectionCount(): number;
  /** Ends every open connection with a reset or FIN, and keeps listening. */
  destroyConnections(): void;
  close(): Promise<void>;
}

/** An upstream on node:http. */
export function startHttpServer(handler: RequestListener, host = '127.0.0.1', port = 0): Promise<TestServer> {
  const server = createServer(handler);
  // A test's keep-alive connection must not die under it in a slow moment.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  return listen(server, host, port);
}

/** An upstream that speaks whatever the test writes, byte for byte; errors of its sockets are the test's to expect. */
export function startRawServer(
  onConnection: (socket: Socket) => void,
  host = '127.0.0.1',
  port = 0,
): Promise<TestServer> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  return listen(server, host, port);
}

/** A port of `host` on which nobody listens; connecting to it is refused. */
export async function reservePort(host = '127.0.0.1'): Promise<number> {
  const server = await startRawServer((socket) => socket.destroy(), host);
  await server.close();
  return server.port;
}

async function listen(server: net.Server | Server, host: string, requestedPort: number): Promise<TestServer> {
  const open = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted++;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(requestedPort, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const destroyConnections = (): void => {
    for (const socket of open) socket.destroy();
  };
  const close = (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    destroyConnections();
    return closed;
  };
  const address = `${host}:${port}`;
  return {
    host,
    port,
    address,
    url: `http://${address}`,
    connectionCount: () => accepted,
    destroyConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}
