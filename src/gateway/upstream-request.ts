import { encodeChunkSize } from '../http1/encode-body.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** Body pieces up to this size leave in one write with what stands before them. */
const JOINED_BYTES = 4096;

/** Writes a request to an upstream connection; text is gathered and leaves with the next flush. One object serves all attempts. */
export class UpstreamRequest {
  #connection: UpstreamConnection | null = null;
  #text = '';
  #isChunked = false;

  get connection(): UpstreamConnection | null {
    return this.#connection;
  }

  begin(connection: UpstreamConnection, head: string, isChunked: boolean): void {
    this.#connection = connection;
    this.#text = head;
    this.#isChunked = isChunked;
  }

  /** False: the upstream can't take more for now. `chunk` may be reused by its owner after this returns. */
  body(chunk: Buffer): boolean {
    if (this.#isChunked) this.#text += encodeChunkSize(chunk.length);
    let mayGoOn = true;
    if (chunk.length <= JOINED_BYTES) {
      this.#text += chunk.toString('latin1');
    } else {
      this.flush();
      mayGoOn = this.#connection?.write(Buffer.from(chunk)) ?? true;
    }
    if (this.#isChunked) this.#text += '\r\n';
    return mayGoOn;
  }

  /** `lastChunk` ends a chunked body. */
  end(lastChunk: string): void {
    if (this.#isChunked) this.#text += lastChunk;
    this.flush();
    this.#connection?.requestCompleted();
  }

  flush(): boolean {
    if (this.#text === '' || this.#connection === null) return true;
    const text = this.#text;
    this.#text = '';
    return this.#connection.write(text);
  }

  /** The attempt is over; what was not flushed is dropped. */
  release(): void {
    this.#connection = null;
    this.#text = '';
  }
}
