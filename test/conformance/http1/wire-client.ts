import net, { type Socket } from 'node:net';
import type { ClientStep } from './corpus.ts';
import { parseResponses, type SeenResponse, type StreamEnd } from './response-stream.ts';
import { pause, sendStep } from './send-step.ts';

export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
}

/** How long a step waits for what it is to await, where the case does not say. */
const AWAIT_MILLIS = 2_000;

/** A client's connection to the proxy that does what the steps of a case say. */
export class WireClient implements Disposable {
  readonly #socket: Socket;
  readonly #methods: string[];
  readonly #chunks: Buffer[] = [];
  #parsed: SeenResponse[] | null = null;
  /** How the proxy ended the connection. */
  end: StreamEnd = 'open';
  /** A step of the case has closed the connection from our side. */
  hasLeft = false;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket, methods: readonly string[]) {
    this.#socket = socket;
    this.#methods = [...methods];
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#changed();
    });
    socket.on('end', () => this.#ended('fin'));
    socket.on('error', () => this.#ended('reset'));
    socket.on('close', () => this.#ended('reset'));
  }

  static async connect(proxy: ProxyAddress, methods: readonly string[]): Promise<WireClient> {
    const socket = net.connect({ ...proxy, allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new WireClient(socket, methods);
  }

  get responses(): readonly SeenResponse[] {
    if (this.#parsed === null) {
      const bytes = Buffer.concat(this.#chunks);
      this.#chunks.splice(0, this.#chunks.length, bytes);
      this.#parsed = parseResponses(bytes, this.#methods, this.end);
    }
    return this.#parsed;
  }

  get finals(): readonly SeenResponse[] {
    return this.responses.filter(isFinal);
  }

  get completeFinals(): number {
    return this.finals.filter((response) => response.isComplete).length;
  }

  async play(step: ClientStep): Promise<void> {
    if ('send' in step) await sendStep(this.#socket, step);
    else if ('sleep_ms' in step) await pause(step.sleep_ms);
    else if ('await' in step) await this.#await(step.await, step.ms ?? AWAIT_MILLIS);
    else if ('shutdown' in step) this.#socket.end();
    else if ('close' in step) this.#leave(() => this.#socket.destroy());
    else this.#leave(() => this.#socket.resetAndDestroy());
  }

  /** Sends another GET. */
  get(target: string): void {
    this.#methods.push('GET');
    this.#socket.write(`GET ${target} HTTP/1.1\r\nHost: example.com\r\n\r\n`);
  }

  /** Resolves when `isThere` holds or the time is over. */
  wait(isThere: () => boolean, millis: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const check = (): void => {
        if (isThere()) done();
      };
      const timer = setTimeout(done, millis);
      this.#waiting.add(check);
      check();
    });
  }

  contains(bytes: Buffer): boolean {
    return Buffer.concat(this.#chunks).includes(bytes);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #await(what: 'interim' | 'close' | number, millis: number): Promise<void> {
    const isThere =
      what === 'interim'
        ? () => this.responses.some(({ framing }) => framing === 'interim')
        : what === 'close'
          ? () => false
          : () => this.completeFinals >= what;
    await this.wait(() => this.end !== 'open' || isThere(), millis);
  }

  #leave(close: () => void): void {
    this.hasLeft = true;
    close();
  }

  #ended(how: StreamEnd): void {
    if (this.end !== 'open' || this.hasLeft) return;
    this.end = how;
    this.#changed();
  }

  #changed(): void {
    this.#parsed = null;
    for (const check of [...this.#waiting]) check();
  }
}

/** An interim response is none; bytes that are no response count, so that they are seen. */
export function isFinal({ framing }: SeenResponse): boolean {
  return framing !== 'interim';
}
