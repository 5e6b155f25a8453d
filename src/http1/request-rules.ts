import { equalsIgnoringCase } from './characters.ts';
import { IS_MALFORMED, readConnection, SAYS_CLOSE, SAYS_KEEP_ALIVE, SAYS_UPGRADE } from './connection-options.ts';
import { checkTransferEncoding, readContentLength } from './framing.ts';
import {
  CONNECTION,
  CONTENT_LENGTH,
  EXPECT,
  type Head,
  HOP_BY_HOP,
  HOST,
  KIND_MASK,
  OTHER,
  SLOTS,
  TE,
  TRANSFER_ENCODING,
  UPGRADE,
  VALUE_END,
  VALUE_START,
} from './head.ts';
import { isHost, isSameHost } from './host.ts';
import type { Http1ErrorCode } from './http1-error.ts';
import type { RequestMeaning } from './meaning.ts';
import { parseTarget } from './target.ts';
import { protocolNames } from './upgrade.ts';

/**
 * Works out what a well-formed request head means (RFC 9112 §3, §6, §9; RFC 9110 §7) and fills `meaning`. Returns why the
 * request has to be refused, or null. Whatever one server could read otherwise than another is refused, also where the RFC
 * would allow to mend it.
 */
export function interpretRequest(head: Head, targetClasses: number, meaning: RequestMeaning): Http1ErrorCode | null {
  meaning.reset();
  const targetError = parseTarget(head, targetClasses, meaning);
  if (targetError !== null) return targetError;

  const { kinds, count } = head;
  const isHttp11 = head.minor > 0;
  let lengthIndex = -1;
  let codingIndex = -1;
  let upgradeIndex = -1;
  let expectations = 0;
  let says = 0;
  for (let i = 0; i < count; i++) {
    switch (kinds[i]! & KIND_MASK) {
      case OTHER:
        break;
      case HOST:
        if (meaning.hostIndex !== -1) return 'duplicate-host';
        meaning.hostIndex = i;
        break;
      case CONTENT_LENGTH:
        if (lengthIndex !== -1) return 'bad-content-length';
        lengthIndex = i;
        break;
      case TRANSFER_ENCODING:
        if (codingIndex !== -1) return 'bad-transfer-encoding';
        codingIndex = i;
        break;
      case CONNECTION:
        says |= readConnection(head, i, meaning.connectionNames);
        break;
      case UPGRADE:
        // Two lines are one list (RFC 9110 §5.3), but nobody sends them, and the text of one line is simpler to pass on.
        upgradeIndex = upgradeIndex === -1 ? i : -2;
        break;
      case EXPECT:
        // RFC 9110 §10.1.1: an HTTP/1.0 request's expectation is ignored.
        if (!isHttp11) break;
        if (!isContinue(head, i)) return 'unsupported-expectation';
        // Said once it is understood by all; a server may compare the list that two lines make with the one word.
        if (expectations++ > 0) kinds[i] = HOP_BY_HOP;
        break;
      case TE:
        if (isHttp11 && acceptsTrailers(head.headerValue(i))) meaning.acceptsTrailers = true;
        break;
    }
  }
  if ((says & IS_MALFORMED) !== 0 || namesEndToEnd(meaning.connectionNames)) return 'bad-connection';
  const hostError = checkHost(head, meaning, isHttp11);
  if (hostError !== null) return hostError;
  const framingError = frame(head, meaning, lengthIndex, codingIndex, isHttp11);
  if (framingError !== null) return framingError;

  // RFC 9112 §9.3: HTTP/1.0 persists only by request.
  meaning.keepAlive = (says & SAYS_CLOSE) === 0 && (isHttp11 || (says & SAYS_KEEP_ALIVE) !== 0);
  const hasBody = meaning.body === 'chunked' || meaning.contentLength > 0;
  if (hasBody && head.method === 'TRACE') return 'unexpected-content';
  meaning.expectContinue = expectations > 0 && hasBody;
  if (upgradeIndex >= 0 && isHttp11 && !hasBody && (says & SAYS_UPGRADE) !== 0) {
    const offered = head.headerValue(upgradeIndex);
    // RFC 9113 §3.1 withdrew h2c; a tunnel of it would carry requests that nobody here has looked at.
    if (!protocolNames(offered).includes('h2c')) meaning.upgrade = offered;
  }
  return null;
}

function checkHost(head: Head, meaning: RequestMeaning, isHttp11: boolean): Http1ErrorCode | null {
  if (meaning.hostIndex === -1) return isHttp11 ? 'missing-host' : null;
  const host = head.headerValue(meaning.hostIndex);
  if (!isHost(host)) return 'bad-host';
  // RFC 9112 §3.2.2 lets the target win over a different Host; a client has to send the same in both (§3.2), so one that
  // does not tries to be taken for two.
  if (meaning.authority === '') meaning.authority = host;
  else if (!isSameHost(host, meaning.authority, meaning.scheme)) return 'conflicting-host';
  return null;
}

function frame(
  head: Head,
  meaning: RequestMeaning,
  lengthIndex: number,
  codingIndex: number,
  isHttp11: boolean,
): Http1ErrorCode | null {
  if (codingIndex !== -1) {
    const error = checkTransferEncoding(head, codingIndex);
    if (error !== null) return error;
    // RFC 9112 §6.1: an HTTP/1.0 sender that frames so has passed on what it did not understand.
    if (!isHttp11) return 'bad-transfer-encoding';
    if (lengthIndex !== -1) return 'conflicting-framing';
    meaning.body = 'chunked';
  } else if (lengthIndex !== -1) {
    const length = readContentLength(head, lengthIndex);
    if (length < 0) return 'bad-content-length';
    meaning.body = 'length';
    meaning.contentLength = length;
  }
  // RFC 9110 §9.3.6: content of a CONNECT has no meaning, and what follows the head is the tunnel's.
  if (meaning.isConnect && (meaning.body === 'chunked' || meaning.contentLength > 0)) return 'bad-connect';
  return null;
}

/**
 * Whether Connection names a field that frames or routes the message: a recipient that obeyed would read another message.
 * Transfer-Encoding is missing here, as it is of one hop (RFC 9110 §7.6.1), and we write it anew.
 */
function namesEndToEnd(names: readonly string[]): boolean {
  return names.length > 0 && (names.includes('host') || names.includes('content-length'));
}

function isContinue(head: Head, index: number): boolean {
  const start = head.positions[index * SLOTS + VALUE_START]!;
  const length = head.positions[index * SLOTS + VALUE_END]! - start;
  return length === 12 && equalsIgnoringCase(head.text, start, '100-continue');
}

/** `TE: trailers` as one member of the list; a weight on it makes no sense and is not looked for (RFC 9110 §10.1.4). */
function acceptsTrailers(value: string): boolean {
  return value.split(',').some((member) => member.trim().toLowerCase() === 'trailers');
}
