import assert from 'node:assert/strict';
import type { Head } from '../../src/http1/head.ts';
import { DEFAULT_HTTP1_LIMITS } from '../../src/http1/http1-limits.ts';
import type { RequestMeaning, ResponseMeaning } from '../../src/http1/meaning.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { ResponseParser } from '../../src/http1/response-parser.ts';

/** The head of a request with these lines (without CRLF). Fails if it is refused. */
export function parseRequestHead(...lines: string[]): { head: Head; meaning: RequestMeaning } {
  const parser = new RequestParser(DEFAULT_HTTP1_LIMITS, {
    onRequestHead() {},
    onRequestBody() {},
    onRequestEnd() {},
    onRequestError: (error) => assert.fail(error.message),
  });
  parser.push(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  return parser;
}

/** The head of a response to GET with these lines (without CRLF). Fails if it is refused. */
export function parseResponseHead(...lines: string[]): { head: Head; meaning: ResponseMeaning } {
  const parser = new ResponseParser(DEFAULT_HTTP1_LIMITS, {
    onResponseHead() {},
    onResponseBody() {},
    onResponseEnd() {},
    onResponseError: (error) => assert.fail(error.message),
  });
  parser.expect('GET', 'websocket');
  parser.push(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  return parser;
}
