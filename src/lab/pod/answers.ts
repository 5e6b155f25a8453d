import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { echoBody, echoCookies, echoHeaders, echoRequest, originOf, requestUrl } from './echo.ts';

/** Who is answering. */
export interface Pod {
  readonly name: string;
  readonly version: string;
}

/** Everything an answer is made of. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly pod: Pod;
  /** What follows the name in the path, such as `503` of `/status/503`. */
  readonly rest: string;
}

type Answer = (exchange: Exchange) => void | Promise<void>;

const MAX_DELAY_SECONDS = 10;
const MAX_STREAM_LINES = 100;
const MAX_BYTES = 102_400;

/** By the first segment of the path. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  '': sendRootPage,
  get: onlyFor(['GET'], sendEcho),
  delete: onlyFor(['DELETE'], sendEchoWithBody),
  patch: onlyFor(['PATCH'], sendEchoWithBody),
  post: onlyFor(['POST'], sendEchoWithBody),
  put: onlyFor(['PUT'], sendEchoWithBody),
  anything: sendAnything,
  headers: (exchange) => sendJson(exchange, { headers: echoHeaders(exchange.request) }),
  ip: (exchange) => sendJson(exchange, { origin: originOf(exchange.request) }),
  'user-agent': (exchange) => sendJson(exchange, { 'user-agent': exchange.request.headers['user-agent'] ?? null }),
  cookies: (exchange) => sendJson(exchange, { cookies: echoCookies(exchange.request) }),
  hostname: (exchange) => sendJson(exchange, { hostname: exchange.pod.name }),
  hello: ({ response, pod }) => sendText(response, `Hello version: ${pod.version}, instance: ${pod.name}\n`),
  healthz: ({ response }) => sendText(response, 'ok\n'),
  status: sendStatus,
  delay: sendDelayed,
  stream: sendStream,
  bytes: sendBytes,
};

/** Answers a request whose body has been read. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  pod: Pod,
): Promise<void> {
  const [, segment = '', rest = ''] = /^\/([^/]*)\/?(.*)$/.exec(requestUrl(request).pathname) ?? [];
  const chosen = Object.hasOwn(ANSWERS, segment) ? ANSWERS[segment] : undefined;
  const exchange = { request, response, body, pod, rest };
  await (chosen === undefined ? sendJson(exchange, { error: 'there is nothing at this path' }, 404) : chosen(exchange));
}

function onlyFor(methods: readonly string[], send: Answer): Answer {
  return (exchange) => {
    const { request, response } = exchange;
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    if (methods.includes(method)) return send(exchange);
    response.setHeader('allow', methods.join(', '));
    return sendJson(exchange, { error: `this path answers ${methods.join(', ')}` }, 405);
  };
}

function sendEcho(exchange: Exchange): void {
  sendJson(exchange, { ...echoRequest(exchange.request) });
}

function sendEchoWithBody(exchange: Exchange): void {
  const { request, body } = exchange;
  sendJson(exchange, { ...echoRequest(request), ...echoBody(request, body) });
}

function sendAnything(exchange: Exchange): void {
  const { request, body } = exchange;
  sendJson(exchange, { method: request.method, ...echoRequest(request), ...echoBody(request, body) });
}

/** `/status/503`, or one of several: `/status/200,503`. */
function sendStatus(exchange: Exchange): void {
  const statuses = exchange.rest.split(',').map(Number);
  if (!statuses.every((status) => Number.isInteger(status) && status >= 200 && status <= 599)) {
    sendJson(exchange, { error: 'statuses go from 200 to 599' }, 400);
    return;
  }
  const status = statuses[Math.floor(Math.random() * statuses.length)] ?? 200;
  exchange.response.writeHead(status, STATUS_CODES[status] ?? 'Status').end();
}

async function sendDelayed(exchange: Exchange): Promise<void> {
  const seconds = Number(exchange.rest);
  if (!(seconds >= 0)) {
    sendJson(exchange, { error: 'a delay is a number of seconds' }, 400);
    return;
  }
  await delay(Math.min(seconds, MAX_DELAY_SECONDS) * 1000);
  sendEchoWithBody(exchange);
}

/** One JSON line after the other, each in a chunk of its own. */
async function sendStream(exchange: Exchange): Promise<void> {
  const lines = parseCount(exchange.rest, MAX_STREAM_LINES);
  if (lines === null) {
    sendJson(exchange, { error: 'a stream has a number of lines' }, 400);
    return;
  }
  const { request, response, pod } = exchange;
  response.writeHead(200, { 'content-type': 'application/json' });
  const echo = echoRequest(request);
  for (let id = 0; id < lines && !response.destroyed; id++) {
    response.write(`${JSON.stringify({ id, pod: pod.name, ...echo })}\n`);
    await delay(0);
  }
  response.end();
}

function sendBytes(exchange: Exchange): void {
  const size = parseCount(exchange.rest, MAX_BYTES);
  if (size === null) {
    sendJson(exchange, { error: 'give a number of bytes' }, 400);
    return;
  }
  exchange.response
    .writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size })
    .end(randomBytes(size));
}

/** A whole number; larger ones count as `maximum`; null: it is none. */
function parseCount(text: string, maximum: number): number | null {
  return /^\d{1,15}$/.test(text) ? Math.min(Number(text), maximum) : null;
}

function sendRootPage({ response, pod }: Exchange): void {
  const paths = Object.keys(ANSWERS).filter((path) => path !== '');
  const items = paths.map((path) => `<li><a href="/${path}">/${path}</a></li>`).join('\n');
  const page = `<!doctype html>\n<title>httpbin</title>\n<h1>httpbin</h1>\n<p>pod ${pod.name}, version ${pod.version}</p>\n<ul>\n${items}\n</ul>\n`;
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': Buffer.byteLength(page) })
    .end(page);
}

function sendText(response: ServerResponse, text: string): void {
  response
    .writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) })
    .end(text);
}

/** With the pod's name as a field of its own. */
function sendJson({ response, pod }: Exchange, value: Readonly<Record<string, unknown>>, status = 200): void {
  const text = `${JSON.stringify({ ...value, pod: pod.name }, null, 2)}\n`;
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}
