import { equalsIgnoringCase } from './characters.ts';
import { isToken } from './grammar.ts';
import { type Head, PLAIN, SLOTS, VALUE_END, VALUE_START } from './head.ts';
import type { Http1ErrorCode } from './http1-error.ts';

const ZERO = 0x30;

/**
 * The value of Content-Length header `index`: 1*DIGIT (RFC 9110 §8.6) up to 2^53-1, or -1. A list is refused even if its members
 * agree, which the RFC allows: other parsers take the first or the last.
 */
export function readContentLength(head: Head, index: number): number {
  const { text, positions } = head;
  const start = positions[index * SLOTS + VALUE_START]!;
  const end = positions[index * SLOTS + VALUE_END]!;
  // 16 digits hold 2^53-1, and their value is still exact enough to see that it is greater.
  if (end === start || end - start > 16) return -1;
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  // Leading zeros are legal, but some parsers read an octal number: they are not passed on.
  if (end - start > 1 && text.charCodeAt(start) === ZERO) head.kinds[index]! &= ~PLAIN;
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}

/**
 * Whether Transfer-Encoding header `index` says `chunked` and nothing else; null: it does. Where chunked only comes last, the
 * other codings are ones that we do not support (RFC 9112 §6.1); all else leaves the end of the body unknown (§6.3).
 */
export function checkTransferEncoding(head: Head, index: number): Http1ErrorCode | null {
  const { text, positions } = head;
  const start = positions[index * SLOTS + VALUE_START]!;
  const length = positions[index * SLOTS + VALUE_END]! - start;
  if (length === 7 && equalsIgnoringCase(text, start, 'chunked')) {
    // A recipient that compares with case would take the message for one without a body.
    if (!text.startsWith('chunked', start)) head.kinds[index]! &= ~PLAIN;
    return null;
  }
  const codings = head.headerValue(index).toLowerCase().split(',');
  const names = codings.map((coding) => coding.trim());
  return names.every(isToken) && names.indexOf('chunked') === names.length - 1
    ? 'unsupported-transfer-encoding'
    : 'bad-transfer-encoding';
}
