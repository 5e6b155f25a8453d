import { CR, FIELD_VALUE, HTAB, LF, LOWER, SP, TOKEN } from './characters.ts';
import {
  CONNECTION,
  CONTENT_LENGTH,
  EXPECT,
  type Head,
  HOP_BY_HOP,
  HOST,
  NAME_END,
  NAME_START,
  OTHER,
  PLAIN,
  SLOTS,
  TE,
  TRAILER,
  TRANSFER_ENCODING,
  UPGRADE,
  VALUE_END,
  VALUE_START,
} from './head.ts';
import type { Http1ErrorCode } from './http1-error.ts';

const COLON = 0x3a;

type State = 0 | 1 | 2 | 3 | 4 | 5;
const LINE_START = 0;
const NAME = 1;
const BEFORE_VALUE = 2;
const VALUE = 3;
const LINE_FEED = 4;
const LAST_LINE_FEED = 5;

/**
 * Scans the lines of a header or trailer section, the closing empty line included, into a Head. It can stop at any byte and
 * go on with the next bytes, and finds an error at the same byte however the section was split. Each byte is looked at once,
 * save the white space after a value.
 *
 * Strict (RFC 9112 §2.2, §5): lines end with CRLF and nothing else, a name is a token with the colon right behind it, a value
 * has no control character but HTAB, no line is folded.
 */
export class FieldScanner {
  /** The section was read to its end. */
  isDone = false;
  /** What is wrong with the section; null: nothing so far. */
  error: Http1ErrorCode | null = null;

  readonly #maxCount: number;
  readonly #tooLarge: Http1ErrorCode;
  #head: Head;
  #state: State = LINE_START;

  constructor(head: Head, maxCount: number, tooLarge: Http1ErrorCode) {
    this.#head = head;
    this.#maxCount = maxCount;
    this.#tooLarge = tooLarge;
  }

  reset(): void {
    this.isDone = false;
    this.error = null;
    this.#state = LINE_START;
    this.#head.count = 0;
  }

  /**
   * Goes on at `from`, which is where the last call stopped; offsets are recorded relative to `base`. The section may not reach
   * beyond `limit`. Returns where it stopped: behind the section (isDone), at the offending byte (error), or at `end`.
   */
  scan(bytes: Buffer, base: number, from: number, end: number, limit: number): number {
    const head = this.#head;
    const stop = Math.min(end, limit);
    let { positions } = head;
    let at = head.count * SLOTS;
    let state = this.#state;
    let pos = from;
    while (pos < stop) {
      if (state === LINE_START) {
        const byte = bytes[pos]!;
        if (TOKEN[byte] === 0) {
          if (byte !== CR) return this.#fail(pos, lineStartError(byte, head.count));
          state = LAST_LINE_FEED;
          pos++;
          continue;
        }
        if (head.count === this.#maxCount) return this.#fail(pos, 'too-many-headers');
        if (at === positions.length) {
          head.grow();
          positions = head.positions;
        }
        positions[at + NAME_START] = pos - base;
        state = NAME;
      }
      if (state === NAME) {
        while (pos < stop && TOKEN[bytes[pos]!] === 1) pos++;
        if (pos === stop) break;
        if (bytes[pos] !== COLON) return this.#fail(pos, bytes[pos] === LF ? 'bad-line-end' : 'bad-header');
        const nameStart = base + positions[at + NAME_START]!;
        positions[at + NAME_END] = pos - base;
        head.kinds[head.count] = kindOf(bytes, nameStart, pos - nameStart);
        pos++;
        state = BEFORE_VALUE;
      }
      if (state === BEFORE_VALUE) {
        while (pos < stop && (bytes[pos] === SP || bytes[pos] === HTAB)) pos++;
        if (pos === stop) break;
        positions[at + VALUE_START] = pos - base;
        state = VALUE;
      }
      if (state === VALUE) {
        while (pos < stop && FIELD_VALUE[bytes[pos]!] === 1) pos++;
        if (pos === stop) break;
        if (bytes[pos] !== CR) return this.#fail(pos, bytes[pos] === LF ? 'bad-line-end' : 'bad-header');
        this.#endValue(bytes, base, pos, at);
        pos++;
        state = LINE_FEED;
        continue;
      }
      if (bytes[pos] !== LF) return this.#fail(pos, 'bad-line-end');
      pos++;
      if (state === LAST_LINE_FEED) {
        this.isDone = true;
        return pos;
      }
      head.count++;
      at += SLOTS;
      state = LINE_START;
    }
    this.#state = state;
    return pos >= limit ? this.#fail(pos, this.#tooLarge) : pos;
  }

  /** Records where the value ends and whether the line can be forwarded as it is. */
  #endValue(bytes: Buffer, base: number, carriageReturn: number, at: number): void {
    const head = this.#head;
    const { positions } = head;
    const valueStart = base + positions[at + VALUE_START]!;
    let valueEnd = carriageReturn;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    positions[at + VALUE_END] = valueEnd - base;
    const gap = valueStart - base - positions[at + NAME_END]! - 1;
    const isPlain = valueEnd === carriageReturn && (gap === 0 || (gap === 1 && bytes[valueStart - 1] === SP));
    if (isPlain) head.kinds[head.count]! |= PLAIN;
  }

  #fail(pos: number, error: Http1ErrorCode): number {
    this.error = error;
    return pos;
  }
}

function lineStartError(byte: number, count: number): Http1ErrorCode {
  if (byte === LF) return 'bad-line-end';
  return count > 0 && (byte === SP || byte === HTAB) ? 'obsolete-folding' : 'bad-header';
}

/** The kind of the field whose name lies at `start`; the length leaves at most two candidates. */
function kindOf(bytes: Buffer, start: number, length: number): number {
  switch (length) {
    case 2:
      return isName(bytes, start, 'te') ? TE : OTHER;
    case 4:
      return isName(bytes, start, 'host') ? HOST : OTHER;
    case 6:
      return isName(bytes, start, 'expect') ? EXPECT : OTHER;
    case 7:
      if (isName(bytes, start, 'upgrade')) return UPGRADE;
      return isName(bytes, start, 'trailer') ? TRAILER : OTHER;
    case 10:
      if (isName(bytes, start, 'connection')) return CONNECTION;
      return isName(bytes, start, 'keep-alive') ? HOP_BY_HOP : OTHER;
    case 14:
      if (isName(bytes, start, 'content-length')) return CONTENT_LENGTH;
      return isName(bytes, start, 'http2-settings') ? HOP_BY_HOP : OTHER;
    case 16:
      return isName(bytes, start, 'proxy-connection') ? HOP_BY_HOP : OTHER;
    case 17:
      return isName(bytes, start, 'transfer-encoding') ? TRANSFER_ENCODING : OTHER;
    default:
      return OTHER;
  }
}

function isName(bytes: Buffer, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (LOWER[bytes[start + i]!] !== name.charCodeAt(i)) return false;
  }
  return true;
}
