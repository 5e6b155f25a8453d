import { toByteString } from '../../model/byte-string.ts';
import type { RequestView } from '../../model/request-view.ts';
import { decodeBase64 } from '../base64.ts';
import type { HeaderLookup } from '../cookie.ts';
import type { HeaderEdit } from '../header-edit.ts';
import type { Carrier, TokenIssue, TokenReader } from './strong-carrier.ts';
import { unwrapValue, type WrappedValue, wrapValue } from './wrapped-value.ts';

/** Envoy's envelope is `base64(address);UV:base64(value)` (envoy-affinity §14.2). */
const ENVOY_ENVELOPE = /^([^;]*);UV:([^;]+)$/;

/** A session id that the application issues in a header, with the token in front of it outside. */
export class EnvelopeCarrier implements Carrier {
  readonly refreshes = false;
  readonly #name: string;

  constructor(name: string) {
    this.#name = toByteString(name);
  }

  read(request: RequestView, reader: TokenReader): boolean {
    for (let i = request.findHeader(this.#name, 0); i >= 0; i = request.findHeader(this.#name, i + 1)) {
      const wrapped = unwrap(request.headerValue(i), reader);
      if (wrapped !== null && reader.tryToken(wrapped.token, this)) return true;
    }
    return false;
  }

  /** One line, as the application wrote one; of several the first that is wrapped. */
  unwrap(request: RequestView, reader: TokenReader): HeaderEdit | null {
    for (let i = request.findHeader(this.#name, 0); i >= 0; i = request.findHeader(this.#name, i + 1)) {
      const wrapped = unwrap(request.headerValue(i), reader);
      if (wrapped !== null) return { op: 'set', name: this.#name, value: wrapped.value };
    }
    return null;
  }

  /** Whenever the application sends its id; one that comes twice is not understood and passes as it is. */
  write(issue: TokenIssue, upstream: HeaderLookup, out: HeaderEdit[]): boolean {
    const first = upstream.findHeader(this.#name, 0);
    if (first < 0 || upstream.findHeader(this.#name, first + 1) >= 0) return false;
    const value = upstream.headerValue(first);
    const token = value === '' ? null : issue.token();
    if (token !== null) out.push({ op: 'set', name: this.#name, value: wrapValue(token, value) });
    return false;
  }

  clear(): void {
    // The id is the application's.
  }
}

function unwrap(text: string, reader: TokenReader): WrappedValue | null {
  const wrapped = unwrapValue(text, (token) => reader.looksLikeToken(token));
  if (wrapped !== null) return wrapped;
  const [, token = '', encoded = ''] = ENVOY_ENVELOPE.exec(text) ?? [];
  if (token === '' || !reader.looksLikeToken(token)) return null;
  const value = decodeBase64(encoded);
  return value === null || value === '' ? null : { token, value };
}
