import { CR, LF } from './characters.ts';
import { ChunkedDecoder, HAS_DATA, IS_BROKEN, NEEDS_MORE } from './chunked-decoder.ts';
import { FieldScanner } from './field-scanner.ts';
import { Head } from './head.ts';
import type { Http1ErrorCode } from './http1-error.ts';
import type { Http1Limits } from './http1-limits.ts';
import type { BodyFraming } from './meaning.ts';
import type { StartLineScanner } from './start-line-scanner.ts';

/** Between messages: until `beginMessage()` nothing is read. */
const WAITING = 0;
/** Before the first byte of a message. */
const BEFORE_MESSAGE = 1;
const BLANK_LINE_FEED = 2;
const START_LINE = 3;
const FIELDS = 4;
const SIZED_BODY = 5;
const CHUNKED_BODY = 6;
const UNSIZED_BODY = 7;
/** All of the message has been read, and its end is to be told. */
const ENDING = 8;
/** Another protocol follows; its bytes wait for `detach()`. */
const TUNNEL = 9;
/** Done with the connection: nothing is read and nothing told any more. */
const DEAD = 10;

/** Room for the rest of a head that did not arrive at once. */
const MIN_KEPT_BYTES = 1024;

const EMPTY = Buffer.alloc(0);

/** What follows a head: a body framed in one of these ways, another head, or no HTTP at all. */
export type HeadFollower = BodyFraming | 'head' | 'tunnel';

/**
 * What requests and responses have in common: bytes in, in any pieces, and one message after the other out. A head that
 * arrives at once is parsed where it lies in the pushed chunk. Only what can't be dealt with yet is copied, so that `push`
 * leaves nothing of the chunk behind but the body views that it gave out.
 */
export abstract class MessageParser {
  readonly head: Head = new Head();
  protected readonly limits: Http1Limits;
  /** Set by `interpret()`. */
  protected follower: HeadFollower = 'none';
  protected contentLength = 0;

  readonly #startLine: StartLineScanner;
  readonly #maxStartLineBytes: number;
  readonly #maxBlankLines: number;
  readonly #fields: FieldScanner;
  #chunked: ChunkedDecoder | null = null;

  #state = WAITING;
  #isPaused = false;
  #isRunning = false;
  #hasEnded = false;
  #blankLines = 0;
  /** Bytes of a sized body that are still to come. */
  #remaining = 0;

  /** The bytes at hand reach from #pos to #end; what lies before is only there where the head or the trailers need it. */
  #bytes: Buffer = EMPTY;
  #pos = 0;
  #end = 0;
  /** Where the head begins. */
  #base = 0;
  /** #bytes is a copy of ours: nobody else sees what lies behind #end. */
  #isOwned = false;

  /** `maxBlankLines` may precede the start line (RFC 9112 §2.2). */
  constructor(limits: Http1Limits, startLine: StartLineScanner, maxStartLineBytes: number, maxBlankLines: number) {
    this.limits = limits;
    this.#startLine = startLine;
    this.#maxStartLineBytes = Math.min(maxStartLineBytes, limits.maxHeadBytes);
    this.#maxBlankLines = maxBlankLines;
    this.#fields = new FieldScanner(this.head, limits.maxHeaderCount, 'head-too-large');
  }

  /** No byte of a message that is not over has arrived. */
  get isIdle(): boolean {
    return this.#state <= BEFORE_MESSAGE && this.#pos === this.#end;
  }

  /**
   * Takes bytes in and tells what they mean. Returns false where the caller had better stop reading until `resume()` or the
   * next message: the parser is paused, or holds bytes that have to wait. `chunk` is free for reuse as soon as the body views
   * given out are.
   */
  push(chunk: Buffer): boolean {
    if (this.#state === DEAD) return true;
    if (this.#keptFrom() === this.#end) {
      this.#bytes = chunk;
      this.#pos = 0;
      this.#end = chunk.length;
      this.#isOwned = false;
    } else {
      this.#append(chunk);
    }
    return this.run();
  }

  /** Nothing more is told until `resume()`; to be called from within an event or outside. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on with the bytes at hand. Returns as `push`. */
  resume(): boolean {
    this.#isPaused = false;
    return this.run();
  }

  /** The peer will send no more (FIN). */
  end(): void {
    this.#hasEnded = true;
    this.run();
  }

  /** Stops for good, and returns the bytes at hand that no message took: the beginning of another protocol. */
  detach(): Buffer {
    const rest = Buffer.from(this.#bytes.subarray(this.#pos, this.#end));
    this.#die();
    return rest;
  }

  /** Fills the start line into `head` where it is all that is known of a message: for the answer to one that never came. */
  readStartLine(): void {
    if (this.#state !== FIELDS) return;
    this.head.text = this.#bytes.toString('latin1', this.#base, this.#pos);
    this.#startLine.fill(this.head);
  }

  /** Works out what the head says; returns what is wrong with it, or null and sets `follower` and `contentLength`. */
  protected abstract interpret(startLine: StartLineScanner): Http1ErrorCode | null;
  protected abstract giveHead(): void;
  protected abstract giveBody(chunk: Buffer): void;
  /** `isLast`: bytes that belong to no message have followed, or the peer has closed. */
  protected abstract giveEnd(trailers: Head | null, isLast: boolean): void;
  protected abstract giveError(code: Http1ErrorCode): void;
  /** Bytes have arrived between messages. Returns what is wrong with that, or null if they are to wait. */
  protected abstract checkWaiting(): Http1ErrorCode | null;
  /** Returns what is wrong with trailers that are well-formed, or null. */
  protected abstract checkTrailers(trailers: Head): Http1ErrorCode | null;
  /** The peer closed before the first byte of a message. */
  protected abstract checkNoMessage(): Http1ErrorCode | null;

  protected get isWaiting(): boolean {
    return this.#state === WAITING;
  }

  /** Makes ready for the next message. */
  protected beginMessage(): void {
    this.head.clear();
    this.#blankLines = 0;
    this.#state = BEFORE_MESSAGE;
  }

  protected run(): boolean {
    // Called from within an event: the loop further up the stack goes on.
    if (this.#isRunning) return true;
    this.#isRunning = true;
    while (!this.#isPaused && this.#step());
    this.#isRunning = false;
    this.#keep();
    return !this.#isPaused && (this.#pos === this.#end || (this.#state !== WAITING && this.#state !== TUNNEL));
  }

  /** Does what can be done in one state. Returns false when there is nothing more to do with the bytes at hand. */
  #step(): boolean {
    switch (this.#state) {
      case ENDING:
        return this.#endMessage(null);
      case DEAD:
      case TUNNEL:
        return false;
      case WAITING:
        return this.#pos < this.#end && this.#failIf(this.checkWaiting());
    }
    if (this.#pos === this.#end) return this.#hasEnded && this.#takeEnd();
    switch (this.#state) {
      case BEFORE_MESSAGE:
        return this.#takeFirstByte();
      case BLANK_LINE_FEED:
        if (this.#bytes[this.#pos] !== LF) return this.#failIf('bad-line-end');
        this.#pos++;
        this.#state = BEFORE_MESSAGE;
        return true;
      case START_LINE:
        return this.#takeStartLine();
      case FIELDS:
        return this.#takeFields();
      case SIZED_BODY:
        return this.#takeSizedBody();
      case CHUNKED_BODY:
        return this.#takeChunkedBody();
      default:
        return this.#giveBodyTo(this.#end);
    }
  }

  #takeFirstByte(): boolean {
    if (this.#bytes[this.#pos] === CR && this.#blankLines < this.#maxBlankLines) {
      this.#blankLines++;
      this.#pos++;
      this.#state = BLANK_LINE_FEED;
    } else {
      this.#startLine.reset();
      this.#fields.reset();
      this.#base = this.#pos;
      this.#state = START_LINE;
    }
    return true;
  }

  #takeStartLine(): boolean {
    const scanner = this.#startLine;
    const limit = this.#base + this.#maxStartLineBytes;
    this.#pos = scanner.scan(this.#bytes, this.#base, this.#pos, this.#end, limit);
    if (!scanner.isDone) return this.#failIf(scanner.error);
    this.#state = FIELDS;
    return true;
  }

  #takeFields(): boolean {
    const scanner = this.#fields;
    const limit = this.#base + this.limits.maxHeadBytes;
    this.#pos = scanner.scan(this.#bytes, this.#base, this.#pos, this.#end, limit);
    if (!scanner.isDone) return this.#failIf(scanner.error);
    this.head.text = this.#bytes.toString('latin1', this.#base, this.#pos);
    this.#startLine.fill(this.head);
    const error = this.interpret(this.#startLine);
    if (error !== null) return this.#failIf(error);
    this.#follow();
    this.giveHead();
    return true;
  }

  /** Sets the state after a head. */
  #follow(): void {
    switch (this.follower) {
      case 'none':
        this.#state = ENDING;
        break;
      case 'length':
        this.#remaining = this.contentLength;
        this.#state = this.contentLength === 0 ? ENDING : SIZED_BODY;
        break;
      case 'chunked':
        this.#chunked ??= new ChunkedDecoder(this.limits);
        this.#chunked.reset();
        this.#state = CHUNKED_BODY;
        break;
      case 'close':
        this.#state = UNSIZED_BODY;
        break;
      case 'head':
        this.#state = BEFORE_MESSAGE;
        break;
      case 'tunnel':
        this.#state = TUNNEL;
        break;
    }
  }

  #takeSizedBody(): boolean {
    const available = this.#end - this.#pos;
    const length = Math.min(available, this.#remaining);
    this.#remaining -= length;
    if (this.#remaining === 0) this.#state = ENDING;
    return this.#giveBodyTo(this.#pos + length);
  }

  #takeChunkedBody(): boolean {
    const decoder = this.#chunked!;
    const stop = decoder.next(this.#bytes, this.#pos, this.#end);
    if (decoder.event === HAS_DATA) {
      this.#pos = decoder.dataStart;
      return this.#giveBodyTo(stop);
    }
    this.#pos = stop;
    if (decoder.event === NEEDS_MORE) return this.#hasEnded;
    if (decoder.event === IS_BROKEN) return this.#failIf(decoder.error);
    const { trailers } = decoder;
    const error = trailers === null ? null : this.checkTrailers(trailers);
    return error === null ? this.#endMessage(trailers) : this.#failIf(error);
  }

  #giveBodyTo(stop: number): boolean {
    const start = this.#pos;
    this.#pos = stop;
    this.giveBody(start === 0 && stop === this.#bytes.length ? this.#bytes : this.#bytes.subarray(start, stop));
    return true;
  }

  #endMessage(trailers: Head | null): boolean {
    this.#state = WAITING;
    this.giveEnd(trailers, this.#pos < this.#end || this.#hasEnded);
    return true;
  }

  /** The peer has closed and all its bytes are taken. */
  #takeEnd(): boolean {
    if (this.#state === UNSIZED_BODY) return this.#endMessage(null);
    const error = this.#state === BEFORE_MESSAGE ? this.checkNoMessage() : 'incomplete-message';
    if (error !== null) return this.#failIf(error);
    this.#die();
    return false;
  }

  /** Ends everything if there is an error; otherwise more bytes are needed. */
  #failIf(code: Http1ErrorCode | null): boolean {
    if (code !== null) {
      this.readStartLine();
      this.#die();
      this.giveError(code);
    }
    return false;
  }

  #die(): void {
    this.#state = DEAD;
    this.#bytes = EMPTY;
    this.#pos = 0;
    this.#end = 0;
    this.#isOwned = false;
  }

  protected stop(): void {
    this.#die();
  }

  /** From where on the bytes are still needed. */
  #keptFrom(): number {
    if (this.#state === START_LINE || this.#state === FIELDS) return this.#base;
    if (this.#state === CHUNKED_BODY) return this.#chunked!.keptFrom(this.#pos);
    return this.#pos;
  }

  /** Copies what is still needed, so that the chunk can be reused. */
  #keep(): void {
    const from = this.#keptFrom();
    if (from === this.#end) {
      this.#chunked?.shift(from);
      this.#bytes = EMPTY;
      this.#pos = 0;
      this.#end = 0;
      this.#isOwned = false;
    } else if (!this.#isOwned) {
      this.#moveTo(Buffer.allocUnsafe(Math.max(MIN_KEPT_BYTES, this.#end - from)), from);
    }
  }

  #append(chunk: Buffer): void {
    if (this.#bytes.length - this.#end < chunk.length) {
      const from = this.#keptFrom();
      // Doubling: a head that comes byte by byte is not copied each time.
      this.#moveTo(Buffer.allocUnsafe(2 * (this.#end - from + chunk.length)), from);
    }
    this.#end += chunk.copy(this.#bytes, this.#end);
  }

  /** Goes on in `target`, which may be larger. Never in place: body views of the old bytes may be about. */
  #moveTo(target: Buffer, from: number): void {
    this.#bytes.copy(target, 0, from, this.#end);
    this.#bytes = target;
    this.#pos -= from;
    this.#end -= from;
    this.#base -= from;
    this.#chunked?.shift(from);
    this.#isOwned = true;
  }
}
