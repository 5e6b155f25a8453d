import { connect, type Socket } from 'node:net';

/** Time for a response, far beyond all that a healthy gateway needs. */
const RESPONSE_MILLIS = 10_000;

export interface TimedResponse {
  readonly status: number;
  /** The head in latin1, with the status line. */
  readonly head: string;
  readonly body: string;
  readonly millis: number;
}

/** A request that came to nothing. */
export interface RequestFailure {
  readonly reason: string;
  /** 0: the connection was never made. */
  readonly clientPort: number;
}

/** A keep-alive connection for one request at a time; it connects when it has to. */
export class KeepAliveConnection {
  readonly #port: number;
  readonly #host: string;
  readonly #path: string;
  #socket: Socket | null = null;
  #clientPort = 0;
  #received = '';
  #startedAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #done: ((result: TimedResponse | RequestFailure) => void) | null = null;

  constructor(port: number, host: string, path: string) {
    this.#port = port;
    this.#host = host;
    this.#path = path;
  }

  /** `lines` are further header lines. `keepAlive` false: the connection ends after the response. */
  request(lines: string, keepAlive: boolean, path: string = this.#path): Promise<TimedResponse | RequestFailure> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#received = '';
      this.#startedAt = performance.now();
      this.#timer = setTimeout(() => this.#fail('no response in time'), RESPONSE_MILLIS);
      const close = keepAlive ? '' : 'connection: close\r\n';
      this.#socket ??= this.#connect();
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${close}${lines}\r\n`, 'latin1');
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1');
    this.#clientPort = 0;
    socket.on('connect', () => {
      this.#clientPort = socket.localPort ?? 0;
    });
    socket.on('data', (text: string) => this.#onData(text));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    socket.on('close', () => {
      if (this.#socket === socket) {
        this.#socket = null;
        this.#fail('closed before the response was whole');
      }
    });
    return socket;
  }

  #onData(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n') + 4;
    if (end < 4) return;
    const head = this.#received.slice(0, end);
    const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
    if (this.#received.length < end + length) return;
    const body = this.#received.slice(end);
    // The gateway may end the connection after this response, such as when it stops.
    if (/\r\nconnection: close\r\n/i.test(head)) this.#drop();
    this.#finish({ status: Number(head.slice(9, 12)), head, body, millis: performance.now() - this.#startedAt });
  }

  #fail(reason: string): void {
    if (this.#done === null) return;
    this.#drop();
    // A socket that has closed does not know its port any more.
    this.#finish({ reason, clientPort: this.#clientPort });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }

  #finish(result: TimedResponse | RequestFailure): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const done = this.#done;
    this.#done = null;
    done?.(result);
  }
}
