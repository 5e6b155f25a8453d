import { toByteString } from '../../model/byte-string.ts';
import type { RequestView } from '../../model/request-view.ts';
import type { HeaderLookup } from '../cookie.ts';
import type { HeaderEdit } from '../header-edit.ts';
import type { Carrier, TokenIssue, TokenReader } from './strong-carrier.ts';
import { unwrapValue, wrapValue } from './wrapped-value.ts';

/** Name and value together: a longer cookie is ignored by browsers (RFC 6265bis §5.6). */
const MAX_COOKIE_BYTES = 4096;

/**
 * The application's own cookie, with the token in front of its value on the way to the client and taken off on the way
 * to the application. The session begins and ends with that cookie, and the token is renewed when the application sets it.
 */
export class AppCookieCarrier implements Carrier {
  readonly refreshes = false;
  readonly #name: string;

  constructor(name: string) {
    this.#name = toByteString(name);
  }

  read(request: RequestView, reader: TokenReader): boolean {
    const looksLikeToken = (text: string): boolean => reader.looksLikeToken(text);
    for (let i = request.findHeader('cookie', 0); i >= 0; i = request.findHeader('cookie', i + 1)) {
      const line = request.headerValue(i);
      // Most lines do not have the cookie, and need no splitting.
      if (!line.includes(this.#name)) continue;
      for (const pair of line.split(';')) {
        const wrapped = this.#valueOf(pair) === null ? null : unwrapValue(this.#valueOf(pair) ?? '', looksLikeToken);
        if (wrapped !== null && reader.tryToken(wrapped.token, this)) return true;
      }
    }
    return false;
  }

  /** All Cookie lines as one, as RFC 6265bis wants it. */
  unwrap(request: RequestView, reader: TokenReader): HeaderEdit | null {
    const looksLikeToken = (text: string): boolean => reader.looksLikeToken(text);
    let hasWrapped = false;
    const pairs: string[] = [];
    for (let i = request.findHeader('cookie', 0); i >= 0; i = request.findHeader('cookie', i + 1)) {
      for (const pair of request.headerValue(i).split(';')) {
        const value = this.#valueOf(pair);
        const wrapped = value === null ? null : unwrapValue(value, looksLikeToken);
        if (wrapped !== null) hasWrapped = true;
        const text = wrapped === null ? pair.trim() : `${this.#name}=${wrapped.value}`;
        if (text !== '') pairs.push(text);
      }
    }
    return hasWrapped ? { op: 'set', name: 'cookie', value: pairs.join('; ') } : null;
  }

  write(issue: TokenIssue, upstream: HeaderLookup, out: HeaderEdit[]): boolean {
    const lines: string[] = [];
    let isSet = false;
    let isCleared = false;
    for (let i = upstream.findHeader('set-cookie', 0); i >= 0; i = upstream.findHeader('set-cookie', i + 1)) {
      const line = upstream.headerValue(i);
      const value = this.#valueOf(cookiePairOf(line));
      if (value === null) {
        lines.push(line);
      } else if (isClearing(line, value, issue.nowSeconds)) {
        isCleared = true;
        lines.push(line);
      } else {
        isSet = true;
        lines.push(this.#wrapLine(line, value, issue));
      }
    }
    if (isSet) {
      for (const [index, value] of lines.entries()) {
        out.push({ op: index === 0 ? 'set' : 'append', name: 'set-cookie', value });
      }
    }
    return isCleared && !isSet;
  }

  clear(): void {
    // Its owner clears it: only the application knows its attributes.
  }

  #wrapLine(line: string, value: string, issue: TokenIssue): string {
    const token = issue.token();
    if (token === null) return line;
    const wrapped = wrapValue(token, value);
    if (this.#name.length + wrapped.length > MAX_COOKIE_BYTES) return line;
    return `${this.#name}=${wrapped}${line.slice(cookiePairOf(line).length)}`;
  }

  /** The value of a `name=value` pair, white space around it removed; null: it is another cookie's. */
  #valueOf(pair: string): string | null {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== this.#name) return null;
    return pair.slice(equals + 1).trim();
  }
}

function cookiePairOf(line: string): string {
  const semicolon = line.indexOf(';');
  return semicolon < 0 ? line : line.slice(0, semicolon);
}

/**
 * Whether a Set-Cookie line removes the cookie: Max-Age beats Expires (RFC 6265bis §5.7), what is neither a number nor a
 * date counts for nothing (§5.6), and an empty value is no session.
 */
function isClearing(line: string, value: string, nowSeconds: number): boolean {
  if (value === '' || value === '""') return true;
  const attributes = line.split(';').slice(1).map(parseAttribute);
  const lastOf = (name: string, form: RegExp): string | undefined =>
    attributes.findLast((attribute) => attribute.name === name && form.test(attribute.value))?.value;
  const maxAge = lastOf('max-age', /^-?\d+$/);
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  // Every form of the date has a month's name; the older one has hyphens. Date.parse takes much else for a date.
  const expires = lastOf('expires', /[a-z]{3}/i);
  return expires !== undefined && Date.parse(expires.replaceAll('-', ' ')) <= nowSeconds * 1000;
}

function parseAttribute(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=');
  const [name, value] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  return { name: name.trim().toLowerCase(), value: value.trim() };
}
