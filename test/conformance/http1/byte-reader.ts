import type { Socket } from 'node:net';

/** The other side has ended or broken the connection before what was asked for was there. */
export class StreamEnded extends Error {}

/** Reads a socket by length and by separator, as a server that is written for tests alone likes to. */
export class ByteReader {
  /** What has arrived and was not taken. */
  bytes: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
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

  /** Resolves when there is more than now; rejects with StreamEnded when nothing more can come. */
  async fill(): Promise<void> {
    const { length } = this.bytes;
    while (this.bytes.length === length) {
      if (this.#ended) throw new StreamEnded();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Everything up to and with `separator`. */
  async until(separator: string): Promise<Buffer> {
    let from = 0;
    for (;;) {
      const index = this.bytes.indexOf(separator, from, 'latin1');
      if (index >= 0) return this.take(index + separator.length);
      from = Math.max(0, this.bytes.length - separator.length);
      await this.fill();
    }
  }

  async exactly(length: number): Promise<Buffer> {
    while (this.bytes.length < length) await this.fill();
    return this.take(length);
  }

  /** Takes up to `length` of the bytes at hand. */
  take(length: number): Buffer {
    const taken = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(taken.length);
    return taken;
  }
}
