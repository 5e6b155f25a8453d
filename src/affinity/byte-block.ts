/** A reusable block of bytes that a byte string is copied into, so that hash functions can read words. */
export class ByteBlock {
  bytes: Uint8Array;
  view: DataView;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Copies `text` to the start of the block and returns its length. */
  load(text: string): number {
    const { length } = text;
    if (length > this.bytes.length) this.#grow(length);
    const { bytes } = this;
    for (let i = 0; i < length; i++) bytes[i] = text.charCodeAt(i);
    return length;
  }

  /** Twice what is needed, because longer texts tend to come again. */
  #grow(length: number): void {
    this.bytes = new Uint8Array(length * 2);
    this.view = new DataView(this.bytes.buffer);
  }
}
