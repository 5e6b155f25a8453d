import { encodeChunkSize, encodeLastChunk } from '../http1/encode-body.ts';
import type { Head } from '../http1/head.ts';
import type { DownstreamConnection } from './downstream-connection.ts';

/** Body pieces up to this size leave in one write with what stands before them. */
const JOINED_BYTES = 4096;

/**
 * Writes a response to the client: text is gathered and leaves with the next flush, so that a head and a small body are
 * one write. One object serves all responses of a connection.
 */
export class ClientResponse {
  readonly #client: DownstreamConnection;
  #text = '';
  #isChunked = false;
  /** The client could not take the last write at once. */
  isBlocked = false;
  /** Bytes of heads and bodies written or gathered. */
  bytesSent = 0;

  constructor(client: DownstreamConnection) {
    this.#client = client;
  }

  begin(): void {
    this.#text = '';
    this.#isChunked = false;
    this.bytesSent = 0;
  }

  /** A head, final or interim, as encoded. */
  head(text: string, isChunked: boolean): void {
    this.#text += text;
    this.bytesSent += text.length;
    this.#isChunked = isChunked;
  }

  /** `chunk` may be reused by its owner after this returns. */
  body(chunk: Buffer): void {
    if (this.#isChunked) this.#text += encodeChunkSize(chunk.length);
    this.bytesSent += chunk.length;
    if (chunk.length <= JOINED_BYTES) {
      this.#text += chunk.toString('latin1');
    } else {
      this.flush();
      if (!this.#client.write(chunk)) this.isBlocked = true;
    }
    if (this.#isChunked) this.#text += '\r\n';
  }

  end(trailers: Head | null): void {
    if (this.#isChunked) this.#text += encodeLastChunk(trailers);
    this.flush();
  }

  flush(): void {
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    if (!this.#client.write(text)) this.isBlocked = true;
  }
}
