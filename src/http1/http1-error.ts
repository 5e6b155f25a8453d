/** Every way in which a message can be refused. A code is stable: logs and metrics carry it. */
export type Http1ErrorCode =
  | 'bad-line-end'
  | 'bad-request-line'
  | 'bad-method'
  | 'bad-target'
  | 'bad-version'
  | 'unsupported-version'
  | 'request-line-too-long'
  | 'bad-status-line'
  | 'bad-header'
  | 'obsolete-folding'
  | 'head-too-large'
  | 'too-many-headers'
  | 'missing-host'
  | 'duplicate-host'
  | 'bad-host'
  | 'conflicting-host'
  | 'bad-connection'
  | 'bad-content-length'
  | 'bad-transfer-encoding'
  | 'unsupported-transfer-encoding'
  | 'conflicting-framing'
  | 'unsupported-expectation'
  | 'bad-connect'
  | 'unexpected-content'
  | 'bad-chunk'
  | 'chunk-extensions-too-long'
  | 'bad-trailer'
  | 'trailers-too-large'
  | 'body-too-large'
  | 'too-many-interim-responses'
  | 'unexpected-upgrade'
  | 'unexpected-data'
  | 'closed-before-response'
  | 'incomplete-message'
  | 'timeout';

/**
 * Why a message was refused. Not an Error: it is a value that travels through callbacks, so it has no stack, and as it
 * says nothing but its code there is one object per code and side, made once.
 */
export class Http1Error {
  readonly code: Http1ErrorCode;
  /** Which kind of message was at fault. */
  readonly side: 'request' | 'response';
  /** What the client gets: the status of a refused request; 502 for a response. */
  readonly status: number;
  readonly message: string;

  constructor(code: Http1ErrorCode, side: 'request' | 'response', status: number, message: string) {
    this.code = code;
    this.side = side;
    this.status = status;
    this.message = message;
  }
}

/** Status for the client and a text for the log, by code. */
const MEANINGS: { readonly [code in Http1ErrorCode]: readonly [status: number, message: string] } = {
  'bad-line-end': [400, 'a line does not end with CRLF (RFC 9112 §2.2)'],
  'bad-request-line': [400, 'the request line is malformed (RFC 9112 §3)'],
  'bad-method': [400, 'the method is not a token (RFC 9110 §9.1)'],
  'bad-target': [400, 'the request target is malformed (RFC 9112 §3.2)'],
  'bad-version': [400, 'the HTTP version is malformed (RFC 9112 §2.3)'],
  'unsupported-version': [505, 'the HTTP version is not supported (RFC 9110 §15.6.6)'],
  'request-line-too-long': [414, 'the request line is too long'],
  'bad-status-line': [400, 'the status line is malformed (RFC 9112 §4)'],
  'bad-header': [400, 'a header line is malformed (RFC 9112 §5)'],
  'obsolete-folding': [400, 'a header line is folded (RFC 9112 §5.2)'],
  'head-too-large': [431, 'the head of the message is too large'],
  'too-many-headers': [431, 'the message has too many header lines'],
  'missing-host': [400, 'there is no Host header (RFC 9112 §3.2)'],
  'duplicate-host': [400, 'there is more than one Host header (RFC 9112 §3.2)'],
  'bad-host': [400, 'the Host header is malformed (RFC 9112 §3.2)'],
  'conflicting-host': [400, 'Host and request target name different hosts (RFC 9112 §3.2.2)'],
  'bad-connection': [400, 'the Connection header is malformed or names what it must not (RFC 9110 §7.6.1)'],
  'bad-content-length': [400, 'Content-Length is malformed or repeated (RFC 9112 §6.3)'],
  'bad-transfer-encoding': [400, 'Transfer-Encoding is malformed or does not end with chunked (RFC 9112 §6.1)'],
  'unsupported-transfer-encoding': [501, 'a transfer coding is not supported (RFC 9112 §6.1)'],
  'conflicting-framing': [400, 'both Content-Length and Transfer-Encoding are present (RFC 9112 §6.3)'],
  'unsupported-expectation': [417, 'the expectation is not supported (RFC 9110 §10.1.1)'],
  'bad-connect': [400, 'the CONNECT request is malformed (RFC 9110 §9.3.6)'],
  'unexpected-content': [400, 'a TRACE request must not have content (RFC 9110 §9.3.8)'],
  'bad-chunk': [400, 'the chunked body is malformed (RFC 9112 §7.1)'],
  'chunk-extensions-too-long': [400, 'the chunk extensions are too long (RFC 9112 §7.1.1)'],
  'bad-trailer': [400, 'a trailer field must not be in a trailer section (RFC 9110 §6.5.1)'],
  'trailers-too-large': [431, 'the trailer section is too large'],
  'body-too-large': [413, 'the body is too large'],
  'too-many-interim-responses': [502, 'too many interim responses'],
  'unexpected-upgrade': [502, 'the upstream switched to a protocol that was not asked for (RFC 9110 §7.8)'],
  'unexpected-data': [502, 'the upstream sent data that no request asked for (RFC 9112 §9.2)'],
  'closed-before-response': [502, 'the upstream closed the connection before it answered'],
  'incomplete-message': [400, 'the connection ended within the message (RFC 9112 §8)'],
  timeout: [408, 'the message took too long to arrive'],
};

type ErrorTable = { readonly [code in Http1ErrorCode]: Http1Error };

function createTable(side: 'request' | 'response'): ErrorTable {
  return Object.fromEntries(
    Object.entries(MEANINGS).map(([code, [status, message]]) => [
      code,
      new Http1Error(code as Http1ErrorCode, side, side === 'request' ? status : 502, message),
    ]),
  ) as ErrorTable;
}

/** The errors of requests, by code. */
export const REQUEST_ERRORS: ErrorTable = createTable('request');

/** The errors of responses, by code; all have status 502. */
export const RESPONSE_ERRORS: ErrorTable = createTable('response');
