import { isNamed } from './connection-options.ts';
import {
  CONTENT_LENGTH,
  EXPECT,
  type Head,
  HOST,
  KIND_MASK,
  NAME_END,
  NAME_START,
  OTHER,
  PLAIN,
  SLOTS,
  TRAILER,
  TRANSFER_ENCODING,
  VALUE_END,
  VALUE_START,
} from './head.ts';
import { type HeaderNames, NO_HEADER_NAMES } from './header-names.ts';
import type { BodyFraming, RequestMeaning, ResponseMeaning } from './meaning.ts';

/**
 * What is changed of a request on its way upstream. Reusable. Nothing here is checked again: names and values come from
 * configuration that was checked when it was compiled, or are made by the gateway.
 */
export class RequestEdits {
  /** Empty: as received. */
  method = '';
  /** Empty: the path of the meaning, so an absolute-form target becomes origin-form. */
  target = '';
  /** Value of Host; empty: the authority of the meaning. */
  authority = '';
  remove: HeaderNames = NO_HEADER_NAMES;
  /** Header lines, each as `name: value` with its CRLF; after all others. To set a header, remove and append it. */
  append = '';
  /** Protocols to offer to the upstream; empty: no upgrade, whatever the client offered. */
  upgrade = '';
  /** Pass the client's `Expect: 100-continue` on. */
  expectContinue = false;
  /** Say `TE: trailers` where the client did. */
  trailers = false;
  /** Bytes of a body that was buffered and is sent with this length; -1: framed as received. */
  contentLength = -1;
}

/** What is changed of a response on its way to the client. Reusable. */
export class ResponseEdits {
  /** How the body is sent to the client: `responseFraming()` says what fits. */
  framing: BodyFraming = 'none';
  /** Minor version of the client's request. */
  clientMinor = 1;
  /** Whether the client's connection stays; must be false with framing `close`. */
  keepAlive = true;
  remove: HeaderNames = NO_HEADER_NAMES;
  /** Header lines, each as `name: value` with its CRLF; after all others. */
  append = '';
}

/**
 * How a response's body goes out to a client of HTTP/1.`clientMinor`: as it came in where that is possible; a body without a
 * length is chunked, so that a broken one can be told from a whole one, or ends with the connection for HTTP/1.0 (RFC 9112 §6.1).
 */
export function responseFraming(meaning: ResponseMeaning, clientMinor: number): BodyFraming {
  if (meaning.body === 'none' || meaning.body === 'length') return meaning.body;
  return clientMinor === 0 ? 'close' : 'chunked';
}

/**
 * The head of a request as it goes upstream: HTTP/1.1, exactly one Host, framing fields for the body that follows, no field
 * of the client's hop (RFC 9110 §7.6.1). A latin1 string, so that head and a small body can leave in one write.
 */
export function encodeRequestHead(head: Head, meaning: RequestMeaning, edits: RequestEdits): string {
  const { text, positions, kinds, count } = head;
  const { remove } = edits;
  const named = meaning.connectionNames;
  const isHostKept = edits.authority === '' && meaning.scheme === '' && meaning.hostIndex !== -1;
  const isFramingKept = edits.contentLength < 0;
  let out = '';
  // Lines that need no change are copied as one run, from `copied` to the first line that does.
  let copied = 0;
  if (!head.isLinePlain || edits.method !== '' || edits.target !== '' || meaning.scheme !== '') {
    out = `${edits.method || head.method} ${edits.target || meaning.path || head.target} HTTP/1.1\r\n`;
    copied = head.fieldsStart;
  }
  for (let i = 0, at = 0; i < count; i++, at += SLOTS) {
    const flags = kinds[i]!;
    const kind = flags & KIND_MASK;
    const start = positions[at + NAME_START]!;
    let isKept: boolean;
    if (kind === OTHER) {
      const end = positions[at + NAME_END]!;
      isKept = !remove.has(text, start, end) && (named.length === 0 || !isNamed(named, text, start, end));
    } else if (kind === HOST) {
      isKept = isHostKept;
    } else if (kind === CONTENT_LENGTH) {
      isKept = isFramingKept;
    } else if (kind === TRANSFER_ENCODING || kind === TRAILER) {
      isKept = isFramingKept && meaning.body === 'chunked';
    } else {
      isKept = kind === EXPECT && edits.expectContinue && meaning.expectContinue;
    }
    if (isKept && flags >= PLAIN) continue;
    out += text.slice(copied, start);
    if (isKept) out += rewrittenLine(head, at, kind, meaning.contentLength);
    copied = i + 1 < count ? positions[at + SLOTS + NAME_START]! : text.length - 2;
  }
  out += text.slice(copied, text.length - 2);
  if (!isHostKept) out += `host: ${edits.authority || meaning.authority}\r\n`;
  if (!isFramingKept) out += `content-length: ${edits.contentLength}\r\n`;
  if (edits.upgrade !== '') out += `connection: upgrade\r\nupgrade: ${edits.upgrade}\r\n`;
  else if (edits.trailers && meaning.acceptsTrailers) out += 'te: trailers\r\nconnection: te\r\n';
  return `${out}${edits.append}\r\n`;
}

/**
 * The head of a response as it goes to the client, interim ones (RFC 9110 §15.2) and a 101 included: HTTP/1.1, framing fields
 * for `edits.framing`, no field of the upstream's hop. A latin1 string.
 */
export function encodeResponseHead(head: Head, meaning: ResponseMeaning, edits: ResponseEdits): string {
  const { text, positions, kinds, count } = head;
  const { remove, framing } = edits;
  const named = meaning.connectionNames;
  // Where no body is sent, Content-Length may still tell of one (HEAD, 304), but never in a 1xx or 204 (RFC 9110 §8.6).
  const isLengthKept =
    framing === 'length' || (framing === 'none' && head.status !== 204 && head.status >= 200 && !meaning.isTunnel);
  const isChunkedKept = framing === 'chunked' && meaning.body === 'chunked';
  let out = '';
  let copied = 0;
  if (!head.isLinePlain) {
    out = `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
    copied = head.fieldsStart;
  }
  for (let i = 0, at = 0; i < count; i++, at += SLOTS) {
    const flags = kinds[i]!;
    const kind = flags & KIND_MASK;
    const start = positions[at + NAME_START]!;
    let isKept: boolean;
    if (kind === OTHER) {
      const end = positions[at + NAME_END]!;
      isKept = !remove.has(text, start, end) && (named.length === 0 || !isNamed(named, text, start, end));
    } else if (kind === CONTENT_LENGTH) {
      isKept = isLengthKept;
    } else if (kind === TRANSFER_ENCODING || kind === TRAILER) {
      isKept = isChunkedKept;
    } else {
      isKept = kind === HOST || kind === EXPECT;
    }
    if (isKept && flags >= PLAIN) continue;
    out += text.slice(copied, start);
    if (isKept) out += rewrittenLine(head, at, kind, meaning.contentLength);
    copied = i + 1 < count ? positions[at + SLOTS + NAME_START]! : text.length - 2;
  }
  out += text.slice(copied, text.length - 2);
  if (framing === 'chunked' && !isChunkedKept) out += 'transfer-encoding: chunked\r\n';
  if (meaning.isTunnel) {
    if (head.status === 101) out += `connection: upgrade\r\nupgrade: ${meaning.upgrade}\r\n`;
  } else if (!meaning.isInterim) {
    out += connectionLine(edits.keepAlive, edits.clientMinor);
  }
  return `${out}${edits.append}\r\n`;
}

/** What has to be said about the client's connection: nothing where its version's default holds (RFC 9112 §9.3). */
export function connectionLine(keepAlive: boolean, clientMinor: number): string {
  if (!keepAlive) return 'connection: close\r\n';
  return clientMinor === 0 ? 'connection: keep-alive\r\n' : '';
}

/** A line that can't be copied as it is; of framing fields only the meaning is kept. */
function rewrittenLine(head: Head, at: number, kind: number, contentLength: number): string {
  if (kind === CONTENT_LENGTH) return `content-length: ${contentLength}\r\n`;
  if (kind === TRANSFER_ENCODING) return 'transfer-encoding: chunked\r\n';
  const { text, positions } = head;
  const name = text.slice(positions[at + NAME_START], positions[at + NAME_END]);
  return `${name}: ${text.slice(positions[at + VALUE_START], positions[at + VALUE_END])}\r\n`;
}
