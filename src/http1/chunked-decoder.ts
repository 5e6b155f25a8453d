import { CR, FIELD_VALUE, HEX, HTAB, LF, SP, TOKEN } from './characters.ts';
import { FieldScanner } from './field-scanner.ts';
import { Head } from './head.ts';
import type { Http1ErrorCode } from './http1-error.ts';
import type { Http1Limits } from './http1-limits.ts';

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** More digits than a size up to 2^53-1 needs with some zeros before it; no bound is named in RFC 9112 §7.1. */
const MAX_SIZE_DIGITS = 16;

type State = number;
const SIZE_START = 0;
const SIZE = 1;
const BEFORE_SEMICOLON = 2;
const BEFORE_EXTENSION = 3;
const EXTENSION_NAME = 4;
const AFTER_EXTENSION_NAME = 5;
const BEFORE_EXTENSION_VALUE = 6;
const EXTENSION_TOKEN = 7;
const EXTENSION_QUOTED = 8;
const EXTENSION_ESCAPE = 9;
const AFTER_EXTENSION_VALUE = 10;
const SIZE_LINE_FEED = 11;
const DATA = 12;
const DATA_RETURN = 13;
const DATA_LINE_FEED = 14;
const TRAILERS = 15;

/** What `next` came upon. */
export const NEEDS_MORE = 0;
export const HAS_DATA = 1;
export const IS_AT_END = 2;
export const IS_BROKEN = 3;
export type ChunkedEvent = typeof NEEDS_MORE | typeof HAS_DATA | typeof IS_AT_END | typeof IS_BROKEN;

/**
 * Takes a chunked body apart (RFC 9112 §7.1). It can stop at any byte and go on with the next bytes.
 *
 * The whole grammar is checked, extensions included: an open quote, say, makes a parser that knows of quotes read past the
 * line end. They are then dropped, as they are of one hop (§7.1.1).
 */
export class ChunkedDecoder {
  event: ChunkedEvent = NEEDS_MORE;
  /** With HAS_DATA: where the data begins that ends where `next` stopped. */
  dataStart = 0;
  /** With IS_BROKEN. */
  error: Http1ErrorCode = 'bad-chunk';
  /** With IS_AT_END: the trailer section, or null if it is empty. Reused. */
  trailers: Head | null = null;

  readonly #limits: Http1Limits;
  #state: State = SIZE_START;
  #size = 0;
  #digits = 0;
  /** Bytes of data announced so far, and of extensions seen. */
  #dataBytes = 0;
  #extensionBytes = 0;
  #trailerHead: Head | null = null;
  #scanner: FieldScanner | null = null;
  #trailerBase = 0;

  constructor(limits: Http1Limits) {
    this.#limits = limits;
  }

  reset(): void {
    this.#state = SIZE_START;
    this.#size = 0;
    this.#digits = 0;
    this.#dataBytes = 0;
    this.#extensionBytes = 0;
    this.trailers = null;
  }

  /** From where on the bytes before `pos`, where `next` stopped, are needed again: trailers have to be in one piece. */
  keptFrom(pos: number): number {
    return this.#state === TRAILERS ? this.#trailerBase : pos;
  }

  /** The bytes have been moved to lie `delta` further ahead. */
  shift(delta: number): void {
    this.#trailerBase -= delta;
  }

  /** Goes on at `from` and stops at `end`, after data, or behind the body; returns where, and sets `event`. */
  next(bytes: Buffer, from: number, end: number): number {
    let pos = from;
    while (pos < end) {
      if (this.#state === DATA) return this.#takeData(pos, end);
      if (this.#state === TRAILERS) return this.#takeTrailers(bytes, pos, end);
      const error = this.#takeByte(bytes[pos]!);
      if (error !== null) return this.#fail(pos, error);
      pos++;
      if (this.#state === TRAILERS) this.#beginTrailers(pos);
    }
    this.event = NEEDS_MORE;
    return pos;
  }

  #takeData(from: number, end: number): number {
    const available = end - from;
    const length = Math.min(available, this.#size);
    this.#size -= length;
    if (this.#size === 0) this.#state = DATA_RETURN;
    this.dataStart = from;
    this.event = HAS_DATA;
    return from + length;
  }

  #takeTrailers(bytes: Buffer, from: number, end: number): number {
    const scanner = this.#scanner!;
    const base = this.#trailerBase;
    const pos = scanner.scan(bytes, base, from, end, base + this.#limits.maxTrailerBytes);
    if (scanner.error !== null) return this.#fail(pos, scanner.error);
    if (!scanner.isDone) {
      this.event = NEEDS_MORE;
      return pos;
    }
    const head = this.#trailerHead!;
    this.event = IS_AT_END;
    this.trailers = null;
    if (head.count > 0) {
      head.text = bytes.toString('latin1', base, pos);
      this.trailers = head;
    }
    return pos;
  }

  #beginTrailers(pos: number): void {
    this.#trailerHead ??= new Head();
    this.#scanner ??= new FieldScanner(this.#trailerHead, this.#limits.maxHeaderCount, 'trailers-too-large');
    this.#scanner.reset();
    this.#trailerBase = pos;
  }

  /** Takes a byte of a size line, or of the line end after data. Returns what is wrong with it, or null. */
  #takeByte(byte: number): Http1ErrorCode | null {
    switch (this.#state) {
      case SIZE_START:
        return this.#takeDigit(byte) ? null : 'bad-chunk';
      case SIZE:
        if (this.#takeDigit(byte)) return null;
        if (byte === CR) return this.#endLine();
        if (byte === SEMICOLON) return this.#inExtension(BEFORE_EXTENSION);
        return isSpace(byte) ? this.#inExtension(BEFORE_SEMICOLON) : 'bad-chunk';
      case BEFORE_SEMICOLON:
        if (byte === SEMICOLON) return this.#inExtension(BEFORE_EXTENSION);
        return isSpace(byte) ? this.#inExtension(BEFORE_SEMICOLON) : 'bad-chunk';
      case BEFORE_EXTENSION:
        if (TOKEN[byte] === 1) return this.#inExtension(EXTENSION_NAME);
        return isSpace(byte) ? this.#inExtension(BEFORE_EXTENSION) : 'bad-chunk';
      case EXTENSION_NAME:
        if (TOKEN[byte] === 1) return this.#inExtension(EXTENSION_NAME);
        return this.#afterName(byte);
      case AFTER_EXTENSION_NAME:
        // White space may only stand before a ";" or "=" that does follow.
        return byte === CR ? 'bad-chunk' : this.#afterName(byte);
      case BEFORE_EXTENSION_VALUE:
        if (TOKEN[byte] === 1) return this.#inExtension(EXTENSION_TOKEN);
        if (byte === QUOTE) return this.#inExtension(EXTENSION_QUOTED);
        return isSpace(byte) ? this.#inExtension(BEFORE_EXTENSION_VALUE) : 'bad-chunk';
      case EXTENSION_TOKEN:
        if (TOKEN[byte] === 1) return this.#inExtension(EXTENSION_TOKEN);
        return this.#afterValue(byte);
      case EXTENSION_QUOTED:
        if (byte === QUOTE) return this.#inExtension(AFTER_EXTENSION_VALUE);
        if (byte === BACKSLASH) return this.#inExtension(EXTENSION_ESCAPE);
        return FIELD_VALUE[byte] === 1 ? this.#inExtension(EXTENSION_QUOTED) : 'bad-chunk';
      case EXTENSION_ESCAPE:
        return FIELD_VALUE[byte] === 1 ? this.#inExtension(EXTENSION_QUOTED) : 'bad-chunk';
      case AFTER_EXTENSION_VALUE:
        return this.#afterValue(byte);
      case SIZE_LINE_FEED:
        if (byte !== LF) return 'bad-chunk';
        this.#state = this.#size === 0 ? TRAILERS : DATA;
        return null;
      case DATA_RETURN:
        this.#state = DATA_LINE_FEED;
        return byte === CR ? null : 'bad-chunk';
      default:
        this.#state = SIZE_START;
        this.#digits = 0;
        return byte === LF ? null : 'bad-chunk';
    }
  }

  #takeDigit(byte: number): boolean {
    const digit = HEX[byte]! - 1;
    if (digit < 0 || this.#digits === MAX_SIZE_DIGITS) return false;
    this.#size = this.#size * 16 + digit;
    this.#digits++;
    this.#state = SIZE;
    // RFC 9112 §7.1: recipients must not let the size overflow.
    return this.#size <= Number.MAX_SAFE_INTEGER;
  }

  #afterName(byte: number): Http1ErrorCode | null {
    if (byte === CR) return this.#endLine();
    if (byte === SEMICOLON) return this.#inExtension(BEFORE_EXTENSION);
    if (byte === EQUALS) return this.#inExtension(BEFORE_EXTENSION_VALUE);
    return isSpace(byte) ? this.#inExtension(AFTER_EXTENSION_NAME) : 'bad-chunk';
  }

  #afterValue(byte: number): Http1ErrorCode | null {
    if (byte === CR) return this.#endLine();
    if (byte === SEMICOLON) return this.#inExtension(BEFORE_EXTENSION);
    return isSpace(byte) ? this.#inExtension(BEFORE_SEMICOLON) : 'bad-chunk';
  }

  /** One more byte of extensions: they may outweigh the data by a fixed amount, so that they can't be a load of their own. */
  #inExtension(state: State): Http1ErrorCode | null {
    this.#state = state;
    this.#extensionBytes++;
    return this.#extensionBytes - this.#dataBytes > this.#limits.maxChunkExtensionBytes
      ? 'chunk-extensions-too-long'
      : null;
  }

  #endLine(): Http1ErrorCode | null {
    this.#state = SIZE_LINE_FEED;
    this.#dataBytes += this.#size;
    return this.#dataBytes > this.#limits.maxBodyBytes ? 'body-too-large' : null;
  }

  #fail(pos: number, error: Http1ErrorCode): number {
    this.event = IS_BROKEN;
    this.error = error;
    return pos;
  }
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
