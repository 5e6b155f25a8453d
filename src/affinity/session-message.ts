import { isUtf8 } from 'node:buffer';

/** What Envoy's session cookie says: `message { string address = 1; uint64 expires = 2; }`. */
export interface SessionMessage {
  /** As a byte string; empty: none. */
  readonly address: string;
  /** Unix time in seconds, 0: never. Times of 2^63 and more are negative, as a signed 64-bit number has them. */
  readonly expires: number;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

/** Groups inside groups that protobuf follows before it gives up. */
const MAX_DEPTH = 100;
const MAX_LENGTH = 0x7fffffff - 16;

const NON_ASCII = /[\x80-\xff]/;

/** Wire form of a message; `expires` 0 is left out (envoy-affinity §13.1). */
export function encodeSessionMessage(address: string, expires: number): string {
  const message = `\n${encodeVarint(address.length)}${address}`;
  return expires === 0 ? message : `${message}\x10${encodeVarint(expires)}`;
}

/** Seven bits a byte, the lowest first; `value` is a whole number up to 2^53. */
function encodeVarint(value: number): string {
  let bytes = '';
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += String.fromCharCode((rest % 0x80) | 0x80);
  return bytes + String.fromCharCode(rest);
}

/**
 * Parses a byte string by the rules of proto3: any order, the last value wins, unknown fields are skipped; null if it
 * is no valid message (envoy-affinity §13.5).
 */
export function parseSessionMessage(bytes: string): SessionMessage | null {
  return new WireParser(bytes).parse();
}

/** A cursor over the bytes; once something is wrong, it stays failed and reads no further. */
class WireParser {
  readonly #bytes: string;
  #position = 0;
  #failed = false;
  // The varint read last, as two unsigned halves.
  #high = 0;
  #low = 0;

  constructor(bytes: string) {
    this.#bytes = bytes;
  }

  parse(): SessionMessage | null {
    let address = '';
    let expires = 0;
    while (this.#position < this.#bytes.length && !this.#failed) {
      const tag = this.#readTag();
      if (tag === ((1 << 3) | BYTES)) {
        address = this.#readBytes();
        if (NON_ASCII.test(address) && !isUtf8(Buffer.from(address, 'latin1'))) this.#failed = true;
      } else if (tag === ((2 << 3) | VARINT)) {
        this.#readVarint(10);
        expires = (this.#high | 0) * 4294967296 + this.#low;
      } else {
        this.#skipField(tag);
      }
    }
    return this.#failed ? null : { address, expires };
  }

  /** A field of no interest; the groups it may open are closed again. */
  #skipField(first: number): void {
    const open: number[] = [];
    let tag = first;
    for (;;) {
      const field = tag >>> 3;
      const wireType = tag & 7;
      if (field === 0) this.#failed = true;
      if (wireType === GROUP) {
        open.push(field);
        if (open.length > MAX_DEPTH) this.#failed = true;
      } else if (wireType === END_GROUP) {
        if (open.pop() !== field) this.#failed = true;
      } else {
        this.#skipValue(wireType);
      }
      if (this.#failed || open.length === 0) return;
      tag = this.#readTag();
    }
  }

  /** Wire types 6 and 7 do not exist. */
  #skipValue(wireType: number): void {
    if (wireType === VARINT) this.#readVarint(10);
    else if (wireType === FIXED64) this.#advance(8);
    else if (wireType === BYTES) this.#readBytes();
    else if (wireType === FIXED32) this.#advance(4);
    else this.#failed = true;
  }

  /** Field number and wire type; a tag has 32 bits, and more are cut off. */
  #readTag(): number {
    this.#readVarint(5);
    return this.#low;
  }

  #readBytes(): string {
    this.#readVarint(5);
    // A fifth byte may hold more than 32 bits; they are part of the length here.
    const length = this.#high * 4294967296 + this.#low;
    if (length > MAX_LENGTH) this.#failed = true;
    const start = this.#position;
    this.#advance(length);
    return this.#failed ? '' : this.#bytes.slice(start, start + length);
  }

  #advance(length: number): void {
    if (length > this.#bytes.length - this.#position) this.#failed = true;
    else this.#position += length;
  }

  #readVarint(maxBytes: number): void {
    this.#high = 0;
    this.#low = 0;
    for (let i = 0; i < maxBytes; i++) {
      if (this.#position >= this.#bytes.length) break;
      const byte = this.#bytes.charCodeAt(this.#position++);
      this.#addBits(byte & 0x7f, 7 * i);
      if (byte < 0x80) return;
    }
    this.#failed = true;
  }

  #addBits(bits: number, shift: number): void {
    if (shift < 32) this.#low = (this.#low | (bits << shift)) >>> 0;
    if (shift >= 32) this.#high = (this.#high | (bits << (shift - 32))) >>> 0;
    else if (shift > 25) this.#high = (this.#high | (bits >>> (32 - shift))) >>> 0;
  }
}
