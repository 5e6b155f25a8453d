import { dropNamedTrailers } from './connection-options.ts';
import { hasFramingField } from './encode-body.ts';
import type { Head } from './head.ts';
import { type Http1ErrorCode, REQUEST_ERRORS } from './http1-error.ts';
import type { Http1Limits } from './http1-limits.ts';
import { RequestMeaning } from './meaning.ts';
import { MessageParser } from './message-parser.ts';
import { RequestLineScanner } from './request-line.ts';
import { interpretRequest } from './request-rules.ts';
import type { RequestSink } from './sinks.ts';

/** RFC 9112 §2.2: at least one empty line before a request line should be ignored. */
const MAX_BLANK_LINES = 1;

/**
 * Reads the requests of one client connection. After a request's end it waits for `next()`, so that pipelined requests are
 * served one at a time and in order; the bytes of later ones wait meanwhile.
 */
export class RequestParser extends MessageParser {
  readonly meaning: RequestMeaning = new RequestMeaning();
  readonly #sink: RequestSink;
  readonly #line: RequestLineScanner;

  constructor(limits: Http1Limits, sink: RequestSink) {
    const line = new RequestLineScanner();
    super(limits, line, limits.maxRequestLineBytes, MAX_BLANK_LINES);
    this.#line = line;
    this.#sink = sink;
    this.beginMessage();
  }

  /** The request is dealt with: goes on to the next one. Returns as `push`. Does nothing before the end of the request. */
  next(): boolean {
    if (this.isWaiting) this.beginMessage();
    return this.run();
  }

  protected override interpret(): Http1ErrorCode | null {
    const { meaning } = this;
    const error = interpretRequest(this.head, this.#line.targetClasses, meaning);
    if (error !== null) return error;
    if (meaning.contentLength > this.limits.maxBodyBytes) return 'body-too-large';
    this.follower = meaning.body;
    this.contentLength = meaning.contentLength;
    return null;
  }

  protected override giveHead(): void {
    this.#sink.onRequestHead(this.head, this.meaning);
  }

  protected override giveBody(chunk: Buffer): void {
    this.#sink.onRequestBody(chunk);
  }

  protected override giveEnd(trailers: Head | null): void {
    this.#sink.onRequestEnd(trailers);
  }

  protected override giveError(code: Http1ErrorCode): void {
    this.#sink.onRequestError(REQUEST_ERRORS[code]);
  }

  protected override checkWaiting(): Http1ErrorCode | null {
    return null;
  }

  protected override checkTrailers(trailers: Head): Http1ErrorCode | null {
    if (hasFramingField(trailers)) return 'bad-trailer';
    dropNamedTrailers(trailers, this.meaning.connectionNames);
    return null;
  }

  protected override checkNoMessage(): Http1ErrorCode | null {
    return null;
  }
}
