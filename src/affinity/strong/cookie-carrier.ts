import { toByteString } from '../../model/byte-string.ts';
import type { RequestView } from '../../model/request-view.ts';
import type { SessionCookie } from '../../model/strong-session.ts';
import { type HeaderLookup, readCookie, readFurtherCookies } from '../cookie.ts';
import type { HeaderEdit } from '../header-edit.ts';
import type { Carrier, TokenIssue, TokenReader } from './strong-carrier.ts';

/** A cookie of Limpet's own. */
export class CookieCarrier implements Carrier {
  readonly refreshes = true;
  readonly #name: string;
  readonly #attributes: string;
  readonly #secureRule: SessionCookie['secure'];
  readonly #persistent: boolean;

  constructor(cookie: SessionCookie) {
    this.#name = toByteString(cookie.name);
    this.#attributes = formatAttributes(cookie);
    // Browsers refuse these names without Secure (RFC 6265bis §4.1.3).
    this.#secureRule = /^__(?:Host|Secure)-/i.test(cookie.name) ? 'always' : cookie.secure;
    this.#persistent = cookie.persistent;
  }

  read(request: RequestView, reader: TokenReader): boolean {
    const first = readCookie(request, this.#name);
    if (first === null) return false;
    if (first !== '' && reader.tryToken(first, this)) return true;
    return readFurtherCookies(request, this.#name).some((value) => value !== '' && reader.tryToken(value, this));
  }

  unwrap(): null {
    return null;
  }

  write(issue: TokenIssue, _upstream: HeaderLookup, out: HeaderEdit[]): boolean {
    const token = issue.isDue ? issue.token() : null;
    if (token !== null) this.#set(token, this.#persistent ? issue.maxAgeSeconds : null, issue.isSecure, out);
    return false;
  }

  clear(isSecure: boolean, out: HeaderEdit[]): void {
    this.#set('', 0, isSecure, out);
  }

  #set(value: string, maxAgeSeconds: number | null, isSecure: boolean, out: HeaderEdit[]): void {
    const hasSecure = this.#secureRule === 'always' || (this.#secureRule === 'scheme' && isSecure);
    const maxAge = maxAgeSeconds === null ? '' : `; Max-Age=${maxAgeSeconds}`;
    const text = `${this.#name}=${value}${maxAge}${hasSecure ? '; Secure' : ''}${this.#attributes}`;
    out.push({ op: 'append', name: 'set-cookie', value: text });
  }
}

function formatAttributes({ path, domain, sameSite, httpOnly, partitioned }: SessionCookie): string {
  const attributes = [
    path === '' ? '' : `; Path=${path}`,
    domain === '' ? '' : `; Domain=${domain}`,
    httpOnly ? '; HttpOnly' : '',
    sameSite === null ? '' : `; SameSite=${sameSite}`,
    partitioned ? '; Partitioned' : '',
  ];
  return toByteString(attributes.join(''));
}
