import { createCipheriv, createDecipheriv } from 'node:crypto';
import { decodeContent, encodeContent, MAX_CONTENT_BYTES, MIN_CONTENT_BYTES } from './content-bytes.ts';
import type { KeyRing } from './key-ring.ts';
import type { TokenContent, TokenFault } from './opened-token.ts';
import { KEY_ID_CHARACTERS, SCOPE_TAG_CHARACTERS, type SessionKey } from './session-key.ts';

const VERSION = '1';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_START = VERSION.length;
const SCOPE_START = ID_START + KEY_ID_CHARACTERS;
const BODY_START = SCOPE_START + SCOPE_TAG_CHARACTERS;

/** Length of the shortest and the longest token in characters. */
const MIN_TOKEN_LENGTH: number = BODY_START + toBase64Length(MIN_CONTENT_BYTES);
const MAX_TOKEN_LENGTH: number = BODY_START + toBase64Length(MAX_CONTENT_BYTES);

/** The characters of base64url, and no others: Buffer would skip them silently. */
const SHAPE = /^1[A-Za-z0-9_-]+$/;

/** Fills an array with random bytes that nobody can foretell. */
export type FillRandom = (bytes: Uint8Array) => void;

/** Whether `text` has the shape of a token, authentic or not. */
export function isTokenShaped(text: string): boolean {
  return text.length >= MIN_TOKEN_LENGTH && text.length <= MAX_TOKEN_LENGTH && SHAPE.test(text);
}

/** Id of the key that a token of the right shape names. */
export function keyIdOf(text: string): string {
  return text.slice(ID_START, SCOPE_START);
}

interface ScopedKey {
  readonly key: SessionKey;
  readonly tag: string;
}

/** Seals and opens the tokens of one scope (decision 070). Time plays no part here: whoever opens judges the times. */
export class SealedTokens {
  readonly #ring: KeyRing;
  readonly #scope: string;
  readonly #associatedData: Buffer;
  readonly #fillRandom: FillRandom;
  readonly #nonce: Buffer = Buffer.alloc(NONCE_BYTES);
  #keys = new Map<string, ScopedKey>();
  #keysVersion = -1;

  constructor(ring: KeyRing, scope: string, fillRandom: FillRandom) {
    this.#ring = ring;
    this.#scope = scope;
    this.#associatedData = Buffer.from(`limpet session token ${VERSION}\0${scope}`, 'utf8');
    this.#fillRandom = fillRandom;
  }

  /** Changes whenever a token that could be opened before may not be any more. */
  get version(): number {
    return this.#ring.version;
  }

  /** Null where there is no key to seal with, or the endpoint's name is too long. */
  seal(content: TokenContent, nowSeconds: number): string | null {
    const key = this.#ring.sealingKey(nowSeconds);
    const plain = encodeContent(content);
    if (key === null || plain === null) return null;
    const nonce = this.#nonce;
    this.#fillRandom(nonce);
    const cipher = createCipheriv(CIPHER, key.sealing, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#associatedData);
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return `${VERSION}${key.id}${this.#scopedKey(key.id)?.tag ?? ''}${sealed.toString('base64url')}`;
  }

  open(text: string): TokenContent | Exclude<TokenFault, 'expired' | 'idle-expired'> {
    if (!isTokenShaped(text)) return 'malformed';
    const scoped = this.#scopedKey(keyIdOf(text));
    if (scoped === undefined) return 'retired-key';
    if (text.slice(SCOPE_START, BODY_START) !== scoped.tag) return 'other-scope';
    const body = text.slice(BODY_START);
    const sealed = Buffer.from(body, 'base64url');
    // Of the spellings of the same bytes only one is a token, so that none can be changed without being refused.
    if (sealed.toString('base64url') !== body) return 'malformed';
    const plain = this.#decrypt(scoped.key, sealed);
    if (plain === null) return 'forged';
    return decodeContent(plain) ?? 'malformed';
  }

  /** Whether the token was sealed by the key that seals now. */
  isCurrent(text: string, nowSeconds: number): boolean {
    return text.startsWith(this.#ring.sealingKey(nowSeconds)?.id ?? '', ID_START);
  }

  #decrypt(key: SessionKey, sealed: Buffer): Buffer | null {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, key.sealing, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#associatedData);
    decipher.setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(NONCE_BYTES, end));
    try {
      decipher.final();
      return plain;
    } catch {
      return null;
    }
  }

  #scopedKey(id: string): ScopedKey | undefined {
    if (this.#keysVersion !== this.#ring.version) {
      this.#keys = new Map();
      for (const known of this.#ring.ids) {
        const key = this.#ring.find(known);
        if (key !== undefined) this.#keys.set(known, { key, tag: key.scopeTag(this.#scope) });
      }
      this.#keysVersion = this.#ring.version;
    }
    return this.#keys.get(id);
  }
}

/** Characters of base64 without padding for a content of so many bytes with nonce and tag. */
function toBase64Length(contentBytes: number): number {
  return Math.ceil(((NONCE_BYTES + contentBytes + TAG_BYTES) * 4) / 3);
}
