import { connectionLine } from './encode-head.ts';

/** Reason phrases of the statuses that a gateway answers with itself (RFC 9110 §15, RFC 6585). */
const REASONS: { readonly [status: number]: string } = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  410: 'Gone',
  411: 'Length Required',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  418: "I'm a teapot",
  421: 'Misdirected Request',
  425: 'Too Early',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/** The reason phrase of `status`; empty where none is known, which is valid on the wire. */
function reasonPhrase(status: number): string {
  return REASONS[status] ?? '';
}

/**
 * A whole response that the gateway makes itself, as a latin1 string. `headers` are lines with their CRLF; the framing and
 * connection fields are added. `body` is a byte string; it is left out, and its length kept, where `isHead`.
 */
export function encodeLocalResponse(
  status: number,
  headers: string,
  body: string,
  isHead: boolean,
  keepAlive: boolean,
  clientMinor: number,
): string {
  // RFC 9110 §8.6: no Content-Length in 204; §15.4.5: a 304 has no body.
  const hasBody = status !== 204 && status !== 304;
  const framing = hasBody ? `content-length: ${body.length}\r\n` : '';
  const head = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${headers}${framing}${connectionLine(keepAlive, clientMinor)}\r\n`;
  return hasBody && !isHead ? head + body : head;
}
