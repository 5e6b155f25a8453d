import { equalsIgnoringCase } from './characters.ts';
import { type Head, KIND_MASK, NAME_END, NAME_START, OTHER, SLOTS, TRANSFER_ENCODING } from './head.ts';
import { HeaderNames } from './header-names.ts';

export const CRLF = '\r\n';

/** The last chunk and an empty trailer section. */
export const LAST_CHUNK = '0\r\n\r\n';

/** The line before `byteLength` bytes of chunk data, which CRLF has to follow. `byteLength` must not be 0: that ends the body. */
export function encodeChunkSize(byteLength: number): string {
  return `${byteLength.toString(16)}\r\n`;
}

/**
 * Fields that have no place in a trailer section, since they frame, route, authenticate or describe the message before its
 * content is read (RFC 9110 §6.5.1). Those that the codec knows by kind are not listed.
 */
const NOT_IN_TRAILERS = new HeaderNames([
  ...['authorization', 'cookie', 'proxy-authenticate', 'proxy-authorization', 'set-cookie', 'www-authenticate'],
  ...['forwarded', 'via', 'x-real-ip', 'x-request-id'],
  ...['content-encoding', 'content-range', 'content-type', 'content-location', 'range', 'if-range', 'if-match'],
  ...['if-none-match', 'if-modified-since', 'if-unmodified-since', 'max-forwards', 'cache-control', 'pragma', 'age'],
  ...['date', 'expires', 'location', 'retry-after', 'vary', 'warning', 'allow', 'authentication-info'],
]);

/** How names begin under which proxies tell servers who the client is and what it may do. */
const OF_PROXIES: readonly string[] = ['x-envoy-', 'x-forwarded-'];

/** The last chunk with those fields of `trailers` that may be in a trailer section; `trailers` may be null. */
export function encodeLastChunk(trailers: Head | null): string {
  if (trailers === null) return LAST_CHUNK;
  const { text, positions, kinds, count } = trailers;
  let out = '0\r\n';
  for (let i = 0; i < count; i++) {
    const start = positions[i * SLOTS + NAME_START]!;
    const end = positions[i * SLOTS + NAME_END]!;
    if ((kinds[i]! & KIND_MASK) !== OTHER || NOT_IN_TRAILERS.has(text, start, end)) continue;
    if (OF_PROXIES.some((prefix) => equalsIgnoringCase(text, start, prefix))) continue;
    out += `${text.slice(start, end)}: ${trailers.headerValue(i)}\r\n`;
  }
  return `${out}\r\n`;
}

/** Whether a trailer section holds a field that frames or routes a message, which a merging recipient would act on. */
export function hasFramingField(trailers: Head): boolean {
  for (let i = 0; i < trailers.count; i++) {
    const kind = trailers.kinds[i]! & KIND_MASK;
    // HOST, CONTENT_LENGTH and TRANSFER_ENCODING are the lowest kinds.
    if (kind !== OTHER && kind <= TRANSFER_ENCODING) return true;
  }
  return false;
}
