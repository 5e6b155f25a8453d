const MIN_BLOCK_BYTES = 1_024;
const MAX_BLOCK_BYTES = 65_536;

const NONE: readonly Buffer[] = [];

/**
 * What has come of a request's body, kept as long as it may have to be sent again. It is gathered in blocks: a body may
 * come in chunks of a byte each, and an object for every one would take a hundred times their room.
 */
export class RequestBody {
  readonly #blocks: Buffer[] = [];
  /** Bytes of the last block that are filled; those before it are full. */
  #filled = 0;
  #bytes = 0;
  #limit = 0;
  #kept = true;

  /** Starts a new body of which up to `limit` bytes are kept; 0 keeps nothing. */
  begin(limit: number): void {
    this.#drop();
    this.#bytes = 0;
    this.#limit = limit;
    this.#kept = true;
  }

  /** All of the body so far is here: an attempt can be repeated. */
  get isReplayable(): boolean {
    return this.#kept;
  }

  /** The kept bytes in order. */
  get pieces(): readonly Buffer[] {
    const last = this.#blocks.at(-1);
    return last === undefined ? NONE : [...this.#blocks.slice(0, -1), last.subarray(0, this.#filled)];
  }

  /** `chunk` may be reused by its owner after this returns. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (!this.#kept) return;
    if (this.#bytes > this.#limit) this.release();
    else this.#copy(chunk);
  }

  /** No attempt will be repeated any more: the bytes are not needed. */
  release(): void {
    if (this.#bytes > 0) this.#kept = false;
    this.#drop();
    this.#limit = 0;
  }

  #copy(chunk: Buffer): void {
    for (let from = 0; from < chunk.length; ) {
      const last = this.#blocks.at(-1);
      if (last === undefined || this.#filled === last.length) {
        this.#grow(chunk.length - from, last?.length ?? 0);
        continue;
      }
      const copied = chunk.copy(last, this.#filled, from);
      this.#filled += copied;
      from += copied;
    }
  }

  /** Blocks double in size, so that a small body takes little and a large one few. */
  #grow(needed: number, lastLength: number): void {
    const length = Math.min(MAX_BLOCK_BYTES, Math.max(MIN_BLOCK_BYTES, needed, 2 * lastLength));
    this.#blocks.push(Buffer.allocUnsafe(length));
    this.#filled = 0;
  }

  #drop(): void {
    // Setting the length of an array is slow enough to be seen.
    if (this.#blocks.length > 0) this.#blocks.length = 0;
    this.#filled = 0;
  }
}
