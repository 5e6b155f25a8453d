/**
 * A byte string is a JavaScript string in which every character is one byte (latin1): what HTTP heads are read as.
 * Hashing, comparing and slicing need no encoding then.
 */

/** The UTF-8 bytes of a text from the configuration, as a byte string. */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Order of two byte strings as memcmp gives it, for Array.prototype.sort. */
export function compareByteStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

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

  #grow(length: number): void {
    this.bytes = new Uint8Array(length * 2);
    this.view = new DataView(this.bytes.buffer);
  }
}
