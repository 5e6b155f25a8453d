import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, type Pod } from './answers.ts';
import { readBody } from './body.ts';

export interface PodServerOptions extends Pod {
  readonly host: string;
  /** 0 binds a free one. */
  readonly port: number;
  /** One line for each request that was answered. */
  readonly log: (line: string) => void;
}

export interface PodServer {
  readonly host: string;
  readonly port: number;
  /** Stops accepting; resolves when the requests that run are answered. */
  close(): Promise<void>;
}

/** The sample application: answers like httpbin, and says in every answer and in its log which pod it is. */
export async function createPodServer(options: PodServerOptions): Promise<PodServer> {
  const server = createServer({
    maxHeaderSize: 65_536,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    // Longer than any gateway keeps an idle connection: the side that sends requests should be the one that closes.
    keepAliveTimeout: 600_000,
  });
  const running = new Set<ServerResponse>();
  server.on('request', (request, response) => {
    running.add(response);
    response.on('close', () => {
      running.delete(response);
      if (!server.listening) server.closeIdleConnections();
    });
    // A connection that was kept would keep the server from closing.
    if (!server.listening) response.setHeader('connection', 'close');
    void serve(request, response, options);
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const closed = once(server, 'close').then(() => {});
  return {
    host: options.host,
    port,
    close() {
      for (const response of running) if (!response.headersSent) response.setHeader('connection', 'close');
      server.close();
      return closed;
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { name, version, log }: PodServerOptions,
): Promise<void> {
  const startedAt = performance.now();
  response.setHeader('x-pod', name);
  response.on('close', () => {
    const millis = Math.round(performance.now() - startedAt);
    const status = response.writableFinished ? response.statusCode : 'aborted';
    log(`${new Date().toISOString()} ${name} ${request.method} ${request.url} ${status} ${millis}ms`);
  });
  const body = await readBody(request);
  // The client went away; nobody is left to answer.
  if (body === null) return;
  if (body === 'too-large') response.writeHead(413, { connection: 'close' }).end('the body is too large\n');
  else await answer(request, response, body, { name, version });
}
