import { CR, FIELD_VALUE, LF, SP } from './characters.ts';
import type { Head } from './head.ts';
import type { Http1ErrorCode } from './http1-error.ts';
import type { StartLineScanner } from './start-line-scanner.ts';

type State = 0 | 1 | 2 | 3;
const VERSION_AND_CODE = 0;
const AFTER_CODE = 1;
const REASON = 2;
const LINE_FEED = 3;

const ZERO = 0x30;
const NINE = 0x39;
/** `HTTP/1.` */
const PROTOCOL = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];
const CODE_START = 'HTTP/1.1 '.length;

/**
 * `HTTP/1.D SP status-code SP [ reason-phrase ] CRLF` (RFC 9112 §4). The second space may be missing together with the reason,
 * as some servers have it: there is only one way to read that, and what is sent on has it.
 */
export class StatusLineScanner implements StartLineScanner {
  isDone = false;
  error: Http1ErrorCode | null = null;

  #state: State = VERSION_AND_CODE;
  #minor = 0;
  #status = 0;
  #lineEnd = 0;

  reset(): void {
    this.isDone = false;
    this.error = null;
    this.#state = VERSION_AND_CODE;
    this.#status = 0;
  }

  scan(bytes: Buffer, base: number, from: number, end: number, limit: number): number {
    const stop = Math.min(end, limit);
    let pos = from;
    while (pos < stop) {
      const byte = bytes[pos]!;
      if (this.#state === VERSION_AND_CODE) {
        if (!this.#takes(pos - base, byte)) return this.#fail(pos, 'bad-status-line');
        if (pos - base === CODE_START + 2) this.#state = AFTER_CODE;
        pos++;
      } else if (this.#state === AFTER_CODE) {
        if (byte !== SP && byte !== CR) return this.#fail(pos, byte === LF ? 'bad-line-end' : 'bad-status-line');
        this.#lineEnd = pos - base;
        this.#state = byte === SP ? REASON : LINE_FEED;
        pos++;
      } else if (this.#state === REASON) {
        while (pos < stop && FIELD_VALUE[bytes[pos]!] === 1) pos++;
        if (pos === stop) break;
        if (bytes[pos] !== CR) return this.#fail(pos, bytes[pos] === LF ? 'bad-line-end' : 'bad-status-line');
        this.#lineEnd = pos - base;
        this.#state = LINE_FEED;
        pos++;
      } else {
        if (byte !== LF) return this.#fail(pos, 'bad-line-end');
        this.isDone = true;
        return pos + 1;
      }
    }
    return pos >= limit ? this.#fail(pos, 'head-too-large') : pos;
  }

  fill(head: Head): void {
    head.status = this.#status;
    head.reason = head.text.slice(CODE_START + 4, this.#lineEnd);
    head.minor = this.#minor === 0 ? 0 : 1;
    head.fieldsStart = this.#lineEnd + 2;
    head.isLinePlain = this.#minor === 1 && this.#lineEnd > CODE_START + 3;
  }

  /** Whether `byte` may be byte `index` of `HTTP/1.D SP DDD`; the code is between 100 and 999. */
  #takes(index: number, byte: number): boolean {
    if (index < PROTOCOL.length) return byte === PROTOCOL[index];
    if (index === CODE_START - 1) return byte === SP;
    if (byte < ZERO || byte > NINE) return false;
    if (index === PROTOCOL.length) this.#minor = byte - ZERO;
    else this.#status = this.#status * 10 + byte - ZERO;
    return this.#status > 0 || index < CODE_START;
  }

  #fail(pos: number, error: Http1ErrorCode): number {
    this.error = error;
    return pos;
  }
}
