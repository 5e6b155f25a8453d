import type { CookieSpec } from '../model/affinity.ts';
import { toByteString } from '../model/byte-string.ts';
import type { RequestView } from '../model/request-view.ts';

/** What looking up headers takes; a RequestView has it. */
export type HeaderLookup = Pick<RequestView, 'findHeader' | 'headerValue'>;

const SPACE = 0x20;
const QUOTE = 0x22;
const EQUALS = 0x3d;

/**
 * Value of the first cookie called `name` (a byte string) over all Cookie lines, or null; it may be empty. Reads as
 * Envoy does: no decoding, one pair of quotes stripped, only spaces skipped before a name (envoy-affinity §10.1).
 */
export function readCookie(headers: HeaderLookup, name: string): string | null {
  for (let i = headers.findHeader('cookie', 0); i >= 0; i = headers.findHeader('cookie', i + 1)) {
    const value = parseCookieLine(headers.headerValue(i), name);
    if (value !== null) return value;
  }
  return null;
}

/** The same in one line of cookies. */
export function parseCookieLine(line: string, name: string): string | null {
  let start = 0;
  while (start < line.length) {
    const semicolon = line.indexOf(';', start);
    const end = semicolon < 0 ? line.length : semicolon;
    while (start < end && line.charCodeAt(start) === SPACE) start++;
    const equals = start + name.length;
    if (equals < end && line.charCodeAt(equals) === EQUALS && line.startsWith(name, start)) {
      return stripQuotes(line, equals + 1, end);
    }
    start = end + 1;
  }
  return null;
}

function stripQuotes(line: string, start: number, end: number): string {
  if (end - start >= 2 && line.charCodeAt(start) === QUOTE && line.charCodeAt(end - 1) === QUOTE) {
    return line.slice(start + 1, end - 1);
  }
  return line.slice(start, end);
}

/**
 * Values of all cookies called `name` but the first, in order: what clients send that have it for several paths or domains
 * (RFC 6265bis: the order says nothing about which is the right one).
 */
export function readFurtherCookies(headers: HeaderLookup, name: string): string[] {
  const values: string[] = [];
  for (let i = headers.findHeader('cookie', 0); i >= 0; i = headers.findHeader('cookie', i + 1)) {
    for (const pair of headers.headerValue(i).split(';')) {
      const value = parseCookieLine(pair, name);
      if (value !== null) values.push(value);
    }
  }
  return values.slice(1);
}

/** A cookie that Limpet sets: everything of the Set-Cookie line but the value is made once (envoy-affinity §10.5). */
export class SetCookie {
  /** As a byte string. */
  readonly name: string;
  readonly #prefix: string;
  readonly #suffix: string;

  constructor(spec: CookieSpec) {
    this.name = toByteString(spec.name);
    const maxAge = Math.floor((spec.ttlMillis ?? 0) / 1000);
    const attributes = spec.attributes.map(({ name, value }) => (value === '' ? `; ${name}` : `; ${name}=${value}`));
    this.#prefix = `${this.name}="`;
    this.#suffix = toByteString(
      `"${maxAge === 0 ? '' : `; Max-Age=${maxAge}`}${spec.path === '' ? '' : `; Path=${spec.path}`}${attributes.join('')}; HttpOnly`,
    );
  }

  /** The text of the Set-Cookie line for a value. */
  format(value: string): string {
    return this.#prefix + value + this.#suffix;
  }
}
