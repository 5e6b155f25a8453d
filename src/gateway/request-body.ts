/** What has come of a request's body, kept as long as it may have to be sent again. */
export class RequestBody {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #limit = 0;
  #kept = true;

  /** Starts a new body of which up to `limit` bytes are kept; 0 keeps nothing. */
  begin(limit: number): void {
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#limit = limit;
    this.#kept = true;
  }

  /** All of the body so far is here: an attempt can be repeated. */
  get isReplayable(): boolean {
    return this.#kept;
  }

  get chunks(): readonly Buffer[] {
    return this.#chunks;
  }

  /** `chunk` may be reused by its owner after this returns. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (!this.#kept) return;
    if (this.#bytes > this.#limit) this.release();
    else this.#chunks.push(Buffer.from(chunk));
  }

  /** No attempt will be repeated any more: the bytes are not needed. */
  release(): void {
    if (this.#bytes > 0) this.#kept = false;
    this.#chunks.length = 0;
    this.#limit = 0;
  }
}
