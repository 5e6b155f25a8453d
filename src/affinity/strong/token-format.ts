import { parseIpAddress } from '../../model/address.ts';
import { decodeBase64, encodeBase64 } from '../base64.ts';
import { Hash64 } from '../hash64.ts';
import { encodeSessionMessage, parseSessionMessage } from '../session-message.ts';
import type { TokenContent, TokenFault } from '../token/opened-token.ts';
import type { OpenedTokens } from '../token/opened-tokens.ts';
import { isTokenShaped, type SealedTokens } from '../token/sealed-tokens.ts';
import { xxHash64 } from '../xx-hash.ts';

/** A token that could be read, in whatever form. */
export interface ReadToken {
  readonly content: TokenContent;
  /** In whose scope; null: in any, because the form has no scopes. */
  readonly tokens: SealedTokens | null;
}

/** How the tokens of a policy are written. Time plays no part but for the choice of keys. */
export interface TokenFormat {
  looksLikeToken(text: string): boolean;
  read(text: string): ReadToken | TokenFault;
  /** Whether the client is to get another in place of a token that was read: one of this form, or under the present key. */
  isOutdated(text: string, token: ReadToken, nowSeconds: number): boolean;
  /** null: none can be made. `tokens` are those of the target that answered. */
  write(content: TokenContent, tokens: SealedTokens, nowSeconds: number): string | null;
}

/** Sealed tokens of any of the route's scopes; addresses beside them where the policy accepts these. */
export class SealedFormat implements TokenFormat {
  readonly #scopes: readonly SealedTokens[];
  readonly #opened: OpenedTokens;
  readonly #addresses: AddressFormat | null;

  constructor(scopes: readonly SealedTokens[], opened: OpenedTokens, addresses: AddressFormat | null) {
    this.#scopes = scopes;
    this.#opened = opened;
    this.#addresses = addresses;
  }

  looksLikeToken(text: string): boolean {
    return isTokenShaped(text) || this.#addresses?.looksLikeToken(text) === true;
  }

  read(text: string): ReadToken | TokenFault {
    const known = this.#opened.find(text);
    if (known !== undefined && known.version === known.tokens.version && this.#scopes.includes(known.tokens)) {
      return known;
    }
    if (this.#addresses !== null && !isTokenShaped(text)) return this.#addresses.read(text);
    return this.#open(text);
  }

  isOutdated(text: string, { tokens }: ReadToken, nowSeconds: number): boolean {
    return tokens?.isCurrent(text, nowSeconds) !== true;
  }

  write(content: TokenContent, tokens: SealedTokens, nowSeconds: number): string | null {
    return tokens.seal(content, nowSeconds);
  }

  #open(text: string): ReadToken | TokenFault {
    let fault: TokenFault = 'malformed';
    for (const tokens of this.#scopes) {
      const opened = tokens.open(text);
      if (typeof opened === 'object') {
        const known = { content: opened, tokens, version: tokens.version };
        this.#opened.add(text, known);
        return known;
      }
      // Of several scopes the one whose tag the token has says what is wrong.
      if (fault === 'malformed' || fault === 'other-scope') fault = opened;
    }
    return fault;
  }
}

const hash = new Hash64();

/** Envoy's tokens: base64 of a message with the address, or of the address alone (envoy-affinity §13, §14). */
export class AddressFormat implements TokenFormat {
  looksLikeToken(text: string): boolean {
    return typeof this.read(text) === 'object';
  }

  read(text: string): ReadToken | TokenFault {
    const bytes = decodeBase64(text);
    if (bytes === null) return 'malformed';
    // Some addresses in plain text happen to be a message without an address (§13.6).
    const message = isAddress(bytes) ? { address: bytes, expires: 0 } : parseSessionMessage(bytes);
    if (message === null || !isAddress(message.address)) return 'malformed';
    xxHash64(text, hash);
    const content: TokenContent = {
      id: { hi: hash.hi >>> 0, lo: hash.lo >>> 0 },
      endpoint: { kind: 'address', text: message.address },
      issuedSeconds: 0,
      lastUsedSeconds: 0,
      // Times of 2^63 and more are in the past (§13.5).
      expiresSeconds: message.expires < 0 ? 1 : message.expires,
      released: false,
    };
    return { content, tokens: null };
  }

  isOutdated(): boolean {
    return false;
  }

  write({ endpoint, expiresSeconds }: TokenContent): string | null {
    return encodeBase64(encodeSessionMessage(endpoint.text, expiresSeconds));
  }
}

/** `ip:port` or `[ipv6]:port`. */
function isAddress(text: string): boolean {
  const [, ipv6, ipv4, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const ip = ipv6 ?? ipv4;
  return ip !== undefined && parseIpAddress(ip) !== null && Number(port) <= 65_535;
}
