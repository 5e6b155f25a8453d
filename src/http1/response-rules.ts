import { IS_MALFORMED, readConnection, SAYS_CLOSE, SAYS_KEEP_ALIVE } from './connection-options.ts';
import { checkTransferEncoding, readContentLength } from './framing.ts';
import { CONNECTION, CONTENT_LENGTH, type Head, KIND_MASK, TRANSFER_ENCODING, UPGRADE } from './head.ts';
import type { Http1ErrorCode } from './http1-error.ts';
import type { ResponseMeaning } from './meaning.ts';
import { offers } from './upgrade.ts';

/**
 * Works out what a well-formed response head means (RFC 9112 §6.3, §9; RFC 9110 §15) as the answer to a request with `method`
 * that offered the protocols of `upgrade` (empty: none), and fills `meaning`. Returns why the response has to be discarded,
 * or null.
 */
export function interpretResponse(
  head: Head,
  method: string,
  upgrade: string,
  meaning: ResponseMeaning,
): Http1ErrorCode | null {
  meaning.reset();
  const { kinds, count, status } = head;
  const isHttp11 = head.minor > 0;
  let lengthIndex = -1;
  let codingIndex = -1;
  let says = 0;
  for (let i = 0; i < count; i++) {
    switch (kinds[i]! & KIND_MASK) {
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
        meaning.upgrade = head.headerValue(i);
        break;
    }
  }
  if ((says & IS_MALFORMED) !== 0) return 'bad-connection';
  if (codingIndex !== -1) {
    const error = checkTransferEncoding(head, codingIndex);
    if (error !== null) return error;
    if (!isHttp11) return 'bad-transfer-encoding';
    if (lengthIndex !== -1) return 'conflicting-framing';
  }
  if (lengthIndex !== -1) {
    meaning.contentLength = readContentLength(head, lengthIndex);
    if (meaning.contentLength < 0) return 'bad-content-length';
  }
  meaning.keepAlive = (says & SAYS_CLOSE) === 0 && (isHttp11 || (says & SAYS_KEEP_ALIVE) !== 0);
  meaning.isTunnel = status === 101 || (method === 'CONNECT' && status >= 200 && status < 300);
  meaning.isInterim = status < 200 && !meaning.isTunnel;
  if (status === 101 && !offers(upgrade, meaning.upgrade)) return 'unexpected-upgrade';

  // RFC 9112 §6.3, in its order.
  if (meaning.isTunnel || method === 'HEAD' || status < 200 || status === 204 || status === 304) {
    meaning.body = 'none';
  } else if (codingIndex !== -1) {
    meaning.body = 'chunked';
  } else if (lengthIndex !== -1) {
    meaning.body = 'length';
  } else {
    meaning.body = 'close';
    meaning.keepAlive = false;
  }
  return null;
}
