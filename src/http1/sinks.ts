import type { Head } from './head.ts';
import type { Http1Error } from './http1-error.ts';
import type { RequestMeaning, ResponseMeaning } from './meaning.ts';

/**
 * Takes what a RequestParser reads. For each request: one head, any number of body chunks, then the end; or an error at
 * any point, after which nothing follows. Heads and meanings are reused: they hold until `next()`.
 */
export interface RequestSink {
  onRequestHead(head: Head, meaning: RequestMeaning): void;
  /** `chunk` is a view of the bytes that were pushed (never empty). */
  onRequestBody(chunk: Buffer): void;
  /** `trailers` is null where there are none. */
  onRequestEnd(trailers: Head | null): void;
  /** The connection has to be closed; `error.status` is for the client where it can still be told. */
  onRequestError(error: Http1Error): void;
}

/** Takes what a ResponseParser reads; interim responses are heads of their own before the final one. */
export interface ResponseSink {
  onResponseHead(head: Head, meaning: ResponseMeaning): void;
  /** `chunk` is a view of the bytes that were pushed (never empty). */
  onResponseBody(chunk: Buffer): void;
  /** `isReusable`: the connection may carry another request; false also where the upstream sent more than the response. */
  onResponseEnd(trailers: Head | null, isReusable: boolean): void;
  /** The connection has to be closed, and what was relayed of the response must not look complete. */
  onResponseError(error: Http1Error): void;
}
