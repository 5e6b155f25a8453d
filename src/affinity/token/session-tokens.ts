import { KeyRings } from './key-ring.ts';
import { OpenedTokens } from './opened-tokens.ts';
import { type FillRandom, SealedTokens } from './sealed-tokens.ts';

/** Opened tokens kept in each generation of the cache: at most about 10 MB in all. */
const CACHED_TOKENS = 16_384;

/** What a process knows of session tokens: its keys, and what it opened lately. It outlives snapshots. */
export class SessionTokens {
  readonly keyRings: KeyRings = new KeyRings();
  readonly opened: OpenedTokens = new OpenedTokens(CACHED_TOKENS);
  readonly #fillRandom: FillRandom;
  readonly #scopes = new Map<string, SealedTokens>();

  /** `fillRandom` must be fit for cryptography. */
  constructor(fillRandom: FillRandom) {
    this.#fillRandom = fillRandom;
  }

  /** The tokens of a scope under a key ring; the same object each time, which the cache of opened tokens relies on. */
  scope(keyRing: string, scope: string): SealedTokens {
    const key = JSON.stringify([keyRing, scope]);
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    const made = new SealedTokens(this.keyRings.get(keyRing), scope, this.#fillRandom);
    this.#scopes.set(key, made);
    return made;
  }
}
