import { createHash } from 'node:crypto';
import net, { type AddressInfo, type Socket } from 'node:net';
import { ByteReader, StreamEnded } from './byte-reader.ts';
import { type BackendBehaviour, type BackendStep, type CorpusCase, toBytes } from './corpus.ts';
import { RecordedRequest } from './recorded-request.ts';
import { pause, sendStep } from './send-step.ts';
import { membersOf, valuesOf } from './strict-syntax.ts';

/** How long a connection that the backend closes is read, so that what is unread does not turn the FIN into a reset. */
const CLOSING_MILLIS = 300;

/** What the case in progress is and what has come of it. */
interface Scene {
  readonly played: CorpusCase | null;
  readonly requests: RecordedRequest[];
}

/** The server behind the proxy: records every request and answers as the case in progress says. */
export class RecordingBackend implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  #scene: Scene = { played: null, requests: [] };

  private constructor() {
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void this.#serve(socket));
  }

  static async listen(host: string, port: number): Promise<RecordingBackend> {
    const backend = new RecordingBackend();
    await new Promise<void>((resolve, reject) => {
      backend.#server.once('error', reject);
      backend.#server.listen({ host, port, backlog: 512 }, resolve);
    });
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From here on requests belong to `played`; null: they are answered 200. Requests that came before are forgotten. */
  begin(played: CorpusCase | null): void {
    this.#scene = { played, requests: [] };
  }

  /** The rest of the case's requests are answered 200; what was recorded stays. */
  answerPlainly(): void {
    this.#scene = { played: null, requests: this.#scene.requests };
  }

  /** Requests of the case, a partial one included. */
  get requests(): readonly RecordedRequest[] {
    return this.#scene.requests;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const reader = new ByteReader(socket);
    const connection = ++this.#connections;
    try {
      while (await this.#serveOne(socket, reader, connection));
      socket.end();
    } catch (error) {
      if (!(error instanceof StreamEnded)) throw error;
    } finally {
      // What was written may not have left yet; a proxy that goes on holding the connection is cut by the disposal.
      socket.end(() => socket.destroy());
    }
  }

  /** One request and its answer; false: the connection is done. */
  async #serveOne(socket: Socket, reader: ByteReader, connection: number): Promise<boolean> {
    while (reader.bytes.length === 0) await reader.fill();
    const { played, requests } = this.#scene;
    const request = new RecordedRequest(connection, requests.length + 1);
    requests.push(request);
    await request.readHead(reader);
    if (played?.kind === 'responses' && request.target.startsWith('/c/')) {
      if (played.when !== 'head') await request.readBody(reader);
      return await playSteps(socket, reader, request, played.backend);
    }
    const behaviour = played?.kind === 'requests' ? (played.backend ?? {}) : {};
    return await answer(socket, reader, request, behaviour);
  }
}

async function answer(
  socket: Socket,
  reader: ByteReader,
  request: RecordedRequest,
  behaviour: BackendBehaviour,
): Promise<boolean> {
  const isContinueAwaited = membersOf(request.fields, 'expect').join() === '100-continue' && request.minor === 1;
  if (behaviour.expect === 'final') {
    socket.write(encodeResponse(request, behaviour, true), 'latin1');
    request.isComplete = true;
    return await swallow(reader);
  }
  if (!request.isWellFormed) {
    socket.write('HTTP/1.1 400 Refused\r\nContent-Length: 0\r\nX-Backend: bad\r\nConnection: close\r\n\r\n');
    return false;
  }
  if (isContinueAwaited && behaviour.expect === undefined) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  await request.readBody(reader);
  if (behaviour.delay_ms !== undefined) await pause(behaviour.delay_ms);
  const protocol = valuesOf(request.fields, 'upgrade')[0];
  if (
    behaviour.upgrade === true &&
    protocol !== undefined &&
    membersOf(request.fields, 'connection').includes('upgrade')
  ) {
    socket.write(encodeSwitch(protocol, valuesOf(request.fields, 'sec-websocket-key')[0]), 'latin1');
    return await echo(socket, reader, request);
  }
  const closes = request.minor === 0 || membersOf(request.fields, 'connection').includes('close');
  socket.write(encodeResponse(request, behaviour, closes), 'latin1');
  return !closes;
}

function encodeResponse(request: RecordedRequest, behaviour: BackendBehaviour, closes: boolean): string {
  const status = behaviour.status ?? 200;
  const target = encodeTarget(request.target);
  const body = behaviour.body === undefined ? `ok ${target}\n` : toBytes(behaviour.body).toString('latin1');
  const lines = [`HTTP/1.1 ${status} X`, 'X-Backend: 1', `X-Seq: ${request.sequence}`, `X-Target: ${target}`];
  const isChunked = behaviour.chunked === true && status !== 204 && status !== 304 && request.minor > 0;
  if (isChunked) lines.push('Transfer-Encoding: chunked');
  else if (status !== 204) lines.push(`Content-Length: ${body.length}`);
  for (const header of behaviour.headers ?? []) lines.push(toBytes(header).toString('latin1'));
  if (closes) lines.push('Connection: close');
  const hasBody = status !== 204 && status !== 304 && request.method !== 'HEAD';
  const sent = isChunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
  return `${lines.join('\r\n')}\r\n\r\n${hasBody ? sent : ''}`;
}

/** Names the target in a header: printable ASCII only. */
function encodeTarget(target: string): string {
  const encode = (character: string): string =>
    `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return target.replace(/[^\x21-\x7e]/g, encode).slice(0, 300);
}

/** RFC 6455 §4.2.2. */
function encodeSwitch(protocol: string, key: string | undefined): string {
  const lines = ['HTTP/1.1 101 Switching Protocols', `Upgrade: ${protocol}`, 'Connection: Upgrade', 'X-Backend: 1'];
  if (key !== undefined) {
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'latin1').digest('base64');
    lines.push(`Sec-WebSocket-Accept: ${accept}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

async function playSteps(
  socket: Socket,
  reader: ByteReader,
  request: RecordedRequest,
  steps: readonly BackendStep[],
): Promise<boolean> {
  for (const step of steps) {
    if ('send' in step) await sendStep(socket, step);
    else if ('sleep_ms' in step) await pause(step.sleep_ms);
    else if ('read' in step) {
      if (step.read === 'request') await request.readBody(reader);
      else await reader.exactly(step.read);
    } else if ('echo' in step) return await echo(socket, reader, request);
    else if ('shutdown' in step) {
      socket.end();
      return await swallow(reader);
    } else if ('close' in step) {
      socket.end();
      await Promise.race([swallow(reader), pause(CLOSING_MILLIS)]).catch(ignoreEnd);
      socket.destroy();
      return false;
    } else {
      socket.resetAndDestroy();
      return false;
    }
  }
  return true;
}

async function echo(socket: Socket, reader: ByteReader, request: RecordedRequest): Promise<never> {
  for (;;) {
    if (reader.bytes.length > 0) {
      const bytes = reader.take(reader.bytes.length);
      request.body = Buffer.concat([request.body, bytes]);
      socket.write(Buffer.concat([Buffer.from('echo:'), bytes]));
    }
    if (reader.bytes.length === 0) await reader.fill();
  }
}

/** Reads and drops until the end. */
async function swallow(reader: ByteReader): Promise<never> {
  for (;;) {
    reader.take(reader.bytes.length);
    await reader.fill();
  }
}

function ignoreEnd(error: unknown): void {
  if (!(error instanceof StreamEnded)) throw error;
}
