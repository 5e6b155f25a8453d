import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatAddress } from '../model/address.ts';
import type { DrainAnswer } from '../model/sessions-view.ts';
import type { AdminViews } from './admin-views.ts';
import { decodeDrainRequest, decodeUndrainRequest } from './drain-request.ts';
import { decodeExplainRequest } from './explain-request.ts';
import { type GuardOptions, guardRequest, isLoopbackName } from './guard.ts';
import { HttpProblem } from './http-problem.ts';
import { readJsonBody } from './json-body.ts';

export interface AdminServerOptions {
  readonly host: string;
  /** 0 binds a free one. */
  readonly port: number;
  /** Bearer token for changes of state when not on loopback; null: they are refused there. */
  readonly token: string | null;
  readonly views: AdminViews;
  /** Told of failures of the server itself, which the client sees as 500. */
  readonly onError: (error: unknown) => void;
  /** Binds the server's port; absent: as node:net does. Rejects with the system's error. */
  readonly listen?: (server: Server, host: string, port: number) => Promise<void>;
}

export interface AdminServer extends AsyncDisposable {
  /** `host:port` that is bound. */
  readonly address: string;
  /** Stops accepting; resolves when no connection is left. What still runs after `graceMillis` is cut. */
  close(graceMillis?: number): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Action {
  readonly method: 'GET' | 'POST';
  readonly changesState: boolean;
  run(views: AdminViews, request: IncomingMessage): Reply | Promise<Reply>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  '/healthz': read(() => json({ status: 'ok' })),
  '/ready': read((views) => {
    const { ready, reason } = views.readiness();
    return ready ? json({ status: 'ready' }) : json({ status: 'not ready', reason }, 503);
  }),
  '/snapshot': read(replyWithSnapshot),
  '/listeners': read(async (views) => json({ listeners: await views.listeners() })),
  '/clusters': read(async (views) => json({ clusters: await views.clusters() })),
  '/diagnostics': read((views) => json({ diagnostics: views.diagnostics() })),
  '/metrics': read(async ({ metrics }) => ({
    status: 200,
    contentType: metrics.contentType,
    body: await metrics.metrics(),
  })),
  '/sessions': read(async (views) => json(await views.sessions())),
  '/drain': {
    method: 'POST',
    changesState: true,
    async run(views, request) {
      return replyToOrder(await views.drain(decodeDrainRequest(await readJsonBody(request))));
    },
  },
  '/undrain': {
    method: 'POST',
    changesState: true,
    async run(views, request) {
      return replyToOrder(await views.undrain(decodeUndrainRequest(await readJsonBody(request))));
    },
  },
  '/explain': {
    method: 'POST',
    changesState: false,
    async run(views, request) {
      const explanation = await views.explain(decodeExplainRequest(await readJsonBody(request)));
      return explanation === null ? json({ error: 'no configuration is served yet' }, 503) : json(explanation);
    },
  },
  '/reload': {
    method: 'POST',
    changesState: true,
    async run(views) {
      const reload = await views.reload();
      return json(reload, reload.outcome === 'rejected' ? 422 : 200);
    },
  },
};

/**
 * The admin API (architecture: Admin API): JSON over HTTP, meant for loopback. Rejects with a message for the user
 * when the address can't be bound.
 */
export async function createAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer({
    maxHeaderSize: 16_384,
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
  });
  server.maxConnections = 256;
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  const guard: GuardOptions = { loopback: isLoopbackName(address), token: options.token };
  server.on('request', (request, response) => void serve(request, response, options, guard));
  async function close(graceMillis = 0): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    const cut = setTimeout(() => server.closeAllConnections(), graceMillis);
    if (graceMillis === 0) server.closeAllConnections();
    await closed;
    clearTimeout(cut);
  }
  return { address: formatAddress(address, port), close, [Symbol.asyncDispose]: () => close() };
}

async function listen(server: Server, { host, port, listen: bind = listenOnPort }: AdminServerOptions): Promise<void> {
  try {
    await bind(server, host, port);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : code;
    throw new Error(
      `the admin API can't listen on ${formatAddress(host, port)}: ${reason}; choose another with --admin`,
      {
        cause: error,
      },
    );
  }
}

async function listenOnPort(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminServerOptions,
  guard: GuardOptions,
): Promise<void> {
  try {
    const action = chooseAction(request);
    guardRequest(request.headers, action.changesState, guard);
    send(response, await action.run(options.views, request));
  } catch (error) {
    // The client went away while its body was being read.
    if (response.destroyed) return;
    if (!(error instanceof HttpProblem)) options.onError(error);
    const problem = error instanceof HttpProblem ? error : new HttpProblem(500, 'internal error');
    send(response, { ...json({ error: problem.message }, problem.status), headers: problem.headers });
  }
}

function chooseAction(request: IncomingMessage): Action {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const action = Object.hasOwn(ACTIONS, path) ? ACTIONS[path] : undefined;
  if (action === undefined) {
    throw new HttpProblem(404, `there is no such page; there are ${Object.keys(ACTIONS).join(', ')}`);
  }
  const { method } = request;
  if (method === action.method || (method === 'HEAD' && action.method === 'GET')) return action;
  const allow = action.method === 'GET' ? 'GET, HEAD' : action.method;
  throw new HttpProblem(405, `this page wants ${allow}`, { allow });
}

function read(run: Action['run']): Action {
  return { method: 'GET', changesState: false, run };
}

function replyToOrder(answer: DrainAnswer): Reply {
  if (answer.kind === 'done') return json(answer.drain);
  return json({ error: answer.message }, answer.kind === 'unknown' ? 404 : 409);
}

function replyWithSnapshot(views: AdminViews, request: IncomingMessage): Reply {
  const snapshot = views.snapshot();
  if (snapshot === null) return json({ error: 'no configuration is served yet' }, 503);
  const headers = { etag: `"${snapshot.revision}-${snapshot.digest}"` };
  if (request.headers['if-none-match'] === headers.etag) return { ...json(null, 304), headers };
  const { revision, digest, publishedAt, model } = snapshot;
  return { ...json({ revision, digest, publishedAt: new Date(publishedAt).toISOString(), model }), headers };
}

function json(value: unknown, status = 200): Reply {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value, null, 2)}\n` };
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.status === 304) {
    response.writeHead(304, reply.headers).end();
    return;
  }
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': Buffer.byteLength(reply.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...reply.headers,
  });
  response.end(reply.body);
}
