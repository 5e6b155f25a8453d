import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** Bytes of a key's secret. */
export const SECRET_BYTES = 32;
/** Characters of a key id, and of a scope's tag, in a token. */
export const KEY_ID_CHARACTERS = 6;
export const SCOPE_TAG_CHARACTERS = 4;

/** A key that seals tokens from a given time on, and opens them at any time. Prints as nothing but its id. */
export class SessionKey {
  readonly id: string;
  /** Unix time in seconds. */
  readonly sealsFromSeconds: number;
  readonly #sealing: KeyObject;
  readonly #tagging: KeyObject;

  /** `secret` must have SECRET_BYTES bytes. */
  constructor(secret: Uint8Array, sealsFromSeconds: number) {
    this.id = toKeyId(secret);
    this.sealsFromSeconds = sealsFromSeconds;
    this.#sealing = derive(secret, 'limpet session token 1: seal');
    this.#tagging = derive(secret, 'limpet session token 1: scope tag');
  }

  /** For AES-256-GCM. */
  get sealing(): KeyObject {
    return this.#sealing;
  }

  /** What tells tokens of one scope from those of another, without a way back to the scope. */
  scopeTag(scope: string): string {
    return createHmac('sha256', this.#tagging).update(scope).digest('base64url').slice(0, SCOPE_TAG_CHARACTERS);
  }
}

/** What a key is called in tokens, files and messages; says nothing about the secret. */
export function toKeyId(secret: Uint8Array): string {
  return createHash('sha256')
    .update('limpet session key id')
    .update(secret)
    .digest('base64url')
    .slice(0, KEY_ID_CHARACTERS);
}

/** Keys of their own for each use of one secret (RFC 5869). */
function derive(secret: Uint8Array, use: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', use, 32)));
}
