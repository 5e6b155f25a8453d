import { dropNamedTrailers } from './connection-options.ts';
import type { Head } from './head.ts';
import { type Http1ErrorCode, RESPONSE_ERRORS } from './http1-error.ts';
import type { Http1Limits } from './http1-limits.ts';
import { ResponseMeaning } from './meaning.ts';
import { MessageParser } from './message-parser.ts';
import { interpretResponse } from './response-rules.ts';
import type { ResponseSink } from './sinks.ts';
import { StatusLineScanner } from './status-line.ts';

/**
 * Reads the responses on one upstream connection, each announced by `expect()`. Bytes that nothing was asked for are an error,
 * as they could be taken for the answer to the next request (RFC 9112 §9.2).
 */
export class ResponseParser extends MessageParser {
  readonly meaning: ResponseMeaning = new ResponseMeaning();
  readonly #sink: ResponseSink;
  #method = '';
  #upgrade = '';
  #interimResponses = 0;

  constructor(limits: Http1Limits, sink: ResponseSink) {
    super(limits, new StatusLineScanner(), limits.maxHeadBytes, 0);
    this.#sink = sink;
  }

  /** A request with `method` goes out that offers to switch to the protocols of `upgrade` (empty: none). */
  expect(method: string, upgrade: string): void {
    this.#method = method;
    this.#upgrade = upgrade;
    this.#interimResponses = 0;
    if (this.isWaiting) this.beginMessage();
  }

  protected override interpret(): Http1ErrorCode | null {
    const { meaning } = this;
    const error = interpretResponse(this.head, this.#method, this.#upgrade, meaning);
    if (error !== null) return error;
    if (meaning.isInterim) {
      this.follower = 'head';
      return ++this.#interimResponses > this.limits.maxInterimResponses ? 'too-many-interim-responses' : null;
    }
    this.follower = meaning.isTunnel ? 'tunnel' : meaning.body;
    this.contentLength = meaning.body === 'length' ? meaning.contentLength : 0;
    return this.contentLength > this.limits.maxBodyBytes ? 'body-too-large' : null;
  }

  protected override giveHead(): void {
    this.#sink.onResponseHead(this.head, this.meaning);
  }

  protected override giveBody(chunk: Buffer): void {
    this.#sink.onResponseBody(chunk);
  }

  protected override giveEnd(trailers: Head | null, isLast: boolean): void {
    const isReusable = this.meaning.keepAlive && !isLast;
    if (!isReusable) this.stop();
    this.#sink.onResponseEnd(trailers, isReusable);
  }

  protected override giveError(code: Http1ErrorCode): void {
    this.#sink.onResponseError(RESPONSE_ERRORS[code]);
  }

  protected override checkWaiting(): Http1ErrorCode | null {
    return 'unexpected-data';
  }

  /** What has no place in trailers is not passed on (`encodeLastChunk`); the response itself is whole. */
  protected override checkTrailers(trailers: Head): Http1ErrorCode | null {
    dropNamedTrailers(trailers, this.meaning.connectionNames);
    return null;
  }

  protected override checkNoMessage(): Http1ErrorCode | null {
    return 'closed-before-response';
  }
}
