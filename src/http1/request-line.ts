import { CR, LF, SP, TOKEN } from './characters.ts';
import type { Head } from './head.ts';
import type { Http1ErrorCode } from './http1-error.ts';
import type { StartLineScanner } from './start-line-scanner.ts';
import { TARGET } from './target.ts';

type State = 0 | 1 | 2;
const METHOD = 0;
const REQUEST_TARGET = 1;
const VERSION = 2;

const ZERO = 0x30;
const NINE = 0x39;
const PROTOCOL = [0x48, 0x54, 0x54, 0x50, 0x2f];

/**
 * `method SP request-target SP HTTP-version CRLF` with exactly these spaces (RFC 9112 §3); characters of the target are checked
 * here, its form by `parseTarget` when the head is whole.
 */
export class RequestLineScanner implements StartLineScanner {
  isDone = false;
  error: Http1ErrorCode | null = null;
  /** What classes of characters the target has: bits of TARGET. */
  targetClasses = 0;

  #state: State = METHOD;
  #methodEnd = 0;
  #targetEnd = 0;
  #major = 0;
  #minor = 0;

  reset(): void {
    this.isDone = false;
    this.error = null;
    this.targetClasses = 0;
    this.#state = METHOD;
  }

  scan(bytes: Buffer, base: number, from: number, end: number, limit: number): number {
    const stop = Math.min(end, limit);
    let pos = from;
    if (this.#state === METHOD) {
      while (pos < stop && TOKEN[bytes[pos]!] === 1) pos++;
      if (pos < stop) {
        if (bytes[pos] !== SP || pos === base)
          return this.#fail(pos, bytes[pos] === LF ? 'bad-line-end' : 'bad-method');
        this.#methodEnd = pos - base;
        this.#state = REQUEST_TARGET;
        pos++;
      }
    }
    if (this.#state === REQUEST_TARGET) {
      let classes = this.targetClasses;
      while (pos < stop) {
        const bits = TARGET[bytes[pos]!]!;
        if (bits === 0) break;
        classes |= bits;
        pos++;
      }
      this.targetClasses = classes;
      if (pos < stop) {
        if (bytes[pos] !== SP || classes === 0) return this.#fail(pos, targetError(bytes[pos]!));
        this.#targetEnd = pos - base;
        this.#state = VERSION;
        pos++;
      }
    }
    while (this.#state === VERSION && pos < stop) {
      const error = this.#version(pos - base - this.#targetEnd - 1, bytes[pos]!);
      if (error !== null) return this.#fail(pos, error);
      pos++;
      if (this.isDone) return pos;
    }
    return pos >= limit ? this.#fail(pos, 'request-line-too-long') : pos;
  }

  fill(head: Head): void {
    const { text } = head;
    head.method = methodOf(text, this.#methodEnd);
    head.target = text.slice(this.#methodEnd + 1, this.#targetEnd);
    head.minor = this.#minor === 0 ? 0 : 1;
    head.fieldsStart = this.#targetEnd + 1 + 'HTTP/1.1\r\n'.length;
    head.isLinePlain = this.#minor === 1;
  }

  /** Takes byte `index` of `HTTP/D.D CRLF`. */
  #version(index: number, byte: number): Http1ErrorCode | null {
    if (index < PROTOCOL.length) return byte === PROTOCOL[index] ? null : 'bad-version';
    switch (index) {
      case 5:
        this.#major = byte - ZERO;
        return byte >= ZERO && byte <= NINE ? null : 'bad-version';
      case 6:
        return byte === 0x2e ? null : 'bad-version';
      case 7:
        this.#minor = byte - ZERO;
        return byte >= ZERO && byte <= NINE ? null : 'bad-version';
      case 8:
        if (byte !== CR) return byte === LF ? 'bad-line-end' : 'bad-version';
        return this.#major === 1 ? null : 'unsupported-version';
      default:
        this.isDone = byte === LF;
        return byte === LF ? null : 'bad-line-end';
    }
  }

  #fail(pos: number, error: Http1ErrorCode): number {
    this.error = error;
    return pos;
  }
}

function targetError(byte: number): Http1ErrorCode {
  if (byte === LF) return 'bad-line-end';
  // A line that ends here is HTTP/0.9 or has no target.
  return byte === CR || byte === SP ? 'bad-request-line' : 'bad-target';
}

/** The method at the head of `text`; the frequent ones without cutting a string out. */
function methodOf(text: string, length: number): string {
  if (length === 3) {
    if (text.startsWith('GET')) return 'GET';
    if (text.startsWith('PUT')) return 'PUT';
  } else if (length === 4) {
    if (text.startsWith('POST')) return 'POST';
    if (text.startsWith('HEAD')) return 'HEAD';
  }
  return text.slice(0, length);
}
