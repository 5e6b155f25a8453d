import { equalsIgnoringCase } from './characters.ts';

/** Fields that the codec itself understands; all others are OTHER. */
export const OTHER = 0;
export const HOST = 1;
export const CONTENT_LENGTH = 2;
export const TRANSFER_ENCODING = 3;
export const CONNECTION = 4;
export const UPGRADE = 5;
export const EXPECT = 6;
export const TE = 7;
export const TRAILER = 8;
/** Always hop-by-hop and never looked at: Keep-Alive, Proxy-Connection, HTTP2-Settings. */
export const HOP_BY_HOP = 9;

/** Set beside the kind where the line on the wire is `name: value` or `name:value` and can be copied as it is. */
export const PLAIN = 0x80;
export const KIND_MASK = 0x7f;

/** Slots per header in `positions`. */
export const NAME_START = 0;
export const NAME_END = 1;
export const VALUE_START = 2;
export const VALUE_END = 3;
export const SLOTS = 4;

/**
 * The head of a message (or its trailer section): its bytes as one latin1 string and where each header lies in it. One
 * object serves all messages of a connection, so whatever is read from it holds only until the next message.
 */
export class Head {
  /** All of the head as received, from the first byte of the start line to the empty line. */
  text = '';
  /** Number of header lines. */
  count = 0;
  /** Minor version: 0 or 1; a higher one counts as 1 (RFC 9110 §2.5). */
  minor = 1;
  /** Of requests; as received, so the target may be in absolute-form. */
  method = '';
  target = '';
  /** Of responses. */
  status = 0;
  reason = '';

  /** Whether the start line on the wire is what we would write for it ourselves. */
  isLinePlain = false;
  /** Where the first header line begins. */
  fieldsStart = 0;
  /** Four offsets into `text` per header. */
  positions: Int32Array = new Int32Array(24 * SLOTS);
  /** Kind of each header and its PLAIN bit. */
  kinds: Uint8Array = new Uint8Array(24);

  /** Index of the next header named `name` (lower case) at or after index `from`, or -1. */
  findHeader(name: string, from: number): number {
    const { positions, count, text } = this;
    const length = name.length;
    for (let i = from; i < count; i++) {
      const start = positions[i * SLOTS + NAME_START]!;
      if (positions[i * SLOTS + NAME_END]! - start === length && equalsIgnoringCase(text, start, name)) return i;
    }
    return -1;
  }

  /** Name of header `index` in lower case. */
  headerName(index: number): string {
    const at = index * SLOTS;
    return this.text.slice(this.positions[at + NAME_START], this.positions[at + NAME_END]).toLowerCase();
  }

  /**
   * Value of header `index` as received, without the white space around it. It may share memory with all of the head: what is
   * kept for long should be a copy.
   */
  headerValue(index: number): string {
    const at = index * SLOTS;
    return this.text.slice(this.positions[at + VALUE_START], this.positions[at + VALUE_END]);
  }

  /** Value of the first header named `name` (lower case), or undefined. */
  value(name: string): string | undefined {
    const index = this.findHeader(name, 0);
    return index === -1 ? undefined : this.headerValue(index);
  }

  /** Doubles the room for headers. */
  grow(): void {
    const positions = new Int32Array(this.positions.length * 2);
    positions.set(this.positions);
    this.positions = positions;
    const kinds = new Uint8Array(this.kinds.length * 2);
    kinds.set(this.kinds);
    this.kinds = kinds;
  }

  /** Forgets the message, so that an idle connection holds none of its text. */
  clear(): void {
    this.text = '';
    this.count = 0;
    this.method = '';
    this.target = '';
    this.status = 0;
    this.reason = '';
  }
}
