import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import net, { type Socket } from 'node:net';

export interface TestRequest {
  readonly host?: string;
  readonly port: number;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** The client's own address. */
  readonly localAddress?: string;
  /** Without one, each request has a connection of its own. */
  readonly agent?: Agent;
}

export interface TestResponse {
  readonly status: number;
  /** Names in lower case; repeated ones as node:http joins them. */
  readonly headers: IncomingHttpHeaders;
  /** All lines as they came, in order. */
  readonly headerLines: readonly (readonly [name: string, value: string])[];
  /** Values of all Set-Cookie lines. */
  readonly setCookies: readonly string[];
  readonly trailers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

/** Sends a request and reads the whole response; rejects if the connection breaks before its end. */
export function fetchFrom(options: TestRequest): Promise<TestResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: options.host ?? '127.0.0.1',
      port: options.port,
      method: options.method ?? 'GET',
      path: options.path ?? '/',
      headers: options.headers as Record<string, string | string[]> | undefined,
      agent: options.agent ?? false,
      localAddress: options.localAddress,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const body = Buffer.concat(chunks);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          headerLines: toLines(incoming.rawHeaders),
          setCookies: incoming.headers['set-cookie'] ?? [],
          trailers: incoming.trailers,
          body,
          text: body.toString('utf8'),
        });
      });
    });
    outgoing.end(options.body);
  });
}

/** A connection on which a test writes bytes and reads what comes back; `using` ends it. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  #received = '';
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const socket = net.connect({ port, host, allowHalfOpen: true, noDelay: true });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Every byte received so far, as latin1. */
  get received(): string {
    return this.#received;
  }

  /** Whether the other side has ended or broken the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  write(bytes: string): void {
    this.socket.write(bytes, 'latin1');
  }

  /** Resolves with everything received once it matches; rejects when the connection ends before that. */
  async waitFor(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#received)) {
      if (this.#ended) throw new Error(`the connection ended before ${pattern}: ${JSON.stringify(this.#received)}`);
      await this.#nextEvent();
    }
    return this.#received;
  }

  /** Resolves with everything received once the other side has ended the connection. */
  async waitForEnd(): Promise<string> {
    while (!this.#ended) await this.#nextEvent();
    return this.#received;
  }

  close(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function toLines(raw: readonly string[]): (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return lines;
}
