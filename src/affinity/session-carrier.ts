import type { SessionCarrier } from '../model/affinity.ts';
import { toByteString } from '../model/byte-string.ts';
import type { RequestView } from '../model/request-view.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { readCookie, SetCookie } from './cookie.ts';
import type { HeaderEdit } from './header-edit.ts';
import { encodeSessionMessage, parseSessionMessage } from './session-message.ts';

/** What a carrier found on a request. Faults are no errors: an unreadable token is no token (envoy-affinity §12.6). */
interface CarriedToken {
  /** Address text that the token names; empty: no session. */
  address: string;
  expired: boolean;
  /** The upstream must see this value in the header instead of the client's; null: nothing to change. */
  unwrapped: string | null;
}

/** The upstream's own lines of the header that a carrier writes. */
export interface UpstreamHeader {
  readonly count: number;
  /** Value of the first. */
  readonly value: string;
}

/** One way in which a token travels. */
export interface Carrier {
  /** False where the carrier takes no part in the request: it is neither read nor written. */
  applies(request: RequestView): boolean;
  read(request: RequestView, nowSeconds: number): CarriedToken;
  /** Response header that `write` wants to know from the upstream; empty: none. */
  readonly upstreamHeader: string;
  /** The edit that gives the client a token for `address`, or null. `isNew`: the client has no token for it yet. */
  write(address: string, isNew: boolean, upstream: UpstreamHeader, nowSeconds: number): HeaderEdit | null;
}

const NO_TOKEN: CarriedToken = Object.freeze({ address: '', expired: false, unwrapped: null });

export function compileCarrier(carrier: SessionCarrier): Carrier {
  switch (carrier.kind) {
    case 'cookie':
      return new CookieCarrier(carrier);
    case 'header':
      return new HeaderCarrier(toByteString(carrier.name).toLowerCase());
    case 'envelope':
      return new EnvelopeCarrier(toByteString(carrier.header).toLowerCase());
  }
}

/** Base64 of a message with address and expiry (envoy-affinity §13). */
class CookieCarrier implements Carrier {
  readonly upstreamHeader = '';
  readonly #cookie: SetCookie;
  readonly #path: string;
  readonly #ttlSeconds: number;

  constructor(carrier: Extract<SessionCarrier, { kind: 'cookie' }>) {
    this.#cookie = new SetCookie(carrier.cookie);
    this.#path = toByteString(carrier.cookie.path);
    this.#ttlSeconds = Math.floor((carrier.cookie.ttlMillis ?? 0) / 1000);
  }

  /** A cookie with a path is for requests under it, compared before any rewrite (§13.3). */
  applies(request: RequestView): boolean {
    const wanted = this.#path;
    if (wanted === '' || wanted === '/') return true;
    const path = request.originalPath;
    if (!path.startsWith(wanted)) return false;
    if (wanted.endsWith('/') || path.length === wanted.length) return true;
    const next = path[wanted.length];
    return next === '/' || next === '?' || next === '#';
  }

  read(request: RequestView, nowSeconds: number): CarriedToken {
    const value = readCookie(request, this.#cookie.name);
    if (value === null || value === '') return NO_TOKEN;
    const bytes = decodeBase64(value);
    if (bytes === null || bytes === '') return NO_TOKEN;
    const message = parseSessionMessage(bytes);
    // What is no message is an address in plain text, as older Envoys wrote it.
    if (message === null) return { address: bytes, expired: false, unwrapped: null };
    if (message.address !== '' && message.expires !== 0 && nowSeconds > message.expires) {
      return { address: '', expired: true, unwrapped: null };
    }
    return { address: message.address, expired: false, unwrapped: null };
  }

  /** The expiry is set once, when the session begins: later responses do not renew it (§12.8, §13.1). */
  write(address: string, isNew: boolean, _upstream: UpstreamHeader, nowSeconds: number): HeaderEdit | null {
    if (!isNew) return null;
    const expires = this.#ttlSeconds === 0 ? 0 : nowSeconds + this.#ttlSeconds;
    const value = encodeBase64(encodeSessionMessage(address, expires));
    return { op: 'append', name: 'set-cookie', value: this.#cookie.format(value) };
  }
}

/** Base64 of the plain address (envoy-affinity §14.1). */
class HeaderCarrier implements Carrier {
  readonly upstreamHeader = '';
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  applies(): boolean {
    return true;
  }

  read(request: RequestView): CarriedToken {
    const index = request.findHeader(this.#name, 0);
    if (index < 0) return NO_TOKEN;
    return { address: decodeBase64(request.headerValue(index)) ?? '', expired: false, unwrapped: null };
  }

  write(address: string, isNew: boolean): HeaderEdit | null {
    return isNew ? { op: 'set', name: this.#name, value: encodeBase64(address) } : null;
  }
}

const VALUE_MARK = 'UV:';

/** `base64(address);UV:base64(value)` around the application's own header value (envoy-affinity §14.2, §14.3). */
class EnvelopeCarrier implements Carrier {
  readonly upstreamHeader: string;

  constructor(name: string) {
    this.upstreamHeader = name;
  }

  applies(): boolean {
    return true;
  }

  read(request: RequestView): CarriedToken {
    const index = request.findHeader(this.upstreamHeader, 0);
    if (index < 0) return NO_TOKEN;
    const [address, ...rest] = request
      .headerValue(index)
      .split(';')
      .filter((piece) => piece !== '');
    const wrapped = rest.find((piece) => piece.startsWith(VALUE_MARK));
    const unwrapped = wrapped === undefined ? '' : (decodeBase64(wrapped.slice(VALUE_MARK.length)) ?? '');
    if (unwrapped === '') return NO_TOKEN;
    return { address: decodeBase64(address ?? '') ?? '', expired: false, unwrapped };
  }

  /** Also for a session that stays where it is: the application's value is new each time it sends one. */
  write(address: string, _isNew: boolean, upstream: UpstreamHeader): HeaderEdit | null {
    if (upstream.count !== 1) return null;
    const value = `${encodeBase64(address)};${VALUE_MARK}${encodeBase64(upstream.value)}`;
    return { op: 'set', name: this.upstreamHeader, value };
  }
}
