import type { RequestView } from '../../model/request-view.ts';
import type { StrongCarrier } from '../../model/strong-session.ts';
import type { HeaderLookup } from '../cookie.ts';
import type { HeaderEdit } from '../header-edit.ts';
import { AppCookieCarrier } from './app-cookie-carrier.ts';
import { CookieCarrier } from './cookie-carrier.ts';
import { EnvelopeCarrier } from './envelope-carrier.ts';
import { HeaderCarrier } from './header-carrier.ts';

/** Takes the token texts of a request one after the other; true: this one counts, no more are wanted. */
export interface TokenReader {
  tryToken(text: string, carrier: Carrier): boolean;
  /** Whether a text is a token by its looks, so that it is to be taken off the application's value. */
  looksLikeToken(text: string): boolean;
}

/** What a response has to say about the session. */
export interface TokenIssue {
  /** The client needs a token that it does not have yet. */
  readonly isDue: boolean;
  /** The client uses https, as far as can be trusted. */
  readonly isSecure: boolean;
  readonly nowSeconds: number;
  /** Lifetime of cookies that outlive the browser's session. */
  readonly maxAgeSeconds: number;
  /** The token; null: none can be made. */
  token(): string | null;
}

/** One way in which the token of a strong session travels. */
export interface Carrier {
  /** A token that is used gets younger: it is issued anew from time to time. Otherwise the application's own value sets the time. */
  readonly refreshes: boolean;
  /** Offers every token text of the request, in order; true: the reader took one. */
  read(request: RequestView, reader: TokenReader): boolean;
  /** What the upstream must see instead of the client's header, or null. */
  unwrap(request: RequestView, reader: TokenReader): HeaderEdit | null;
  /** Adds the edits that take the token to the client; `upstream` is the response as received. True: the application ended the session. */
  write(issue: TokenIssue, upstream: HeaderLookup, out: HeaderEdit[]): boolean;
  /** Adds the edits that make the client forget the token. */
  clear(isSecure: boolean, out: HeaderEdit[]): void;
}

export function compileStrongCarrier(carrier: StrongCarrier): Carrier {
  switch (carrier.kind) {
    case 'cookie':
      return new CookieCarrier(carrier.cookie);
    case 'header':
      return new HeaderCarrier(carrier.name);
    case 'appCookie':
      return new AppCookieCarrier(carrier.name);
    case 'envelope':
      return new EnvelopeCarrier(carrier.header);
  }
}
