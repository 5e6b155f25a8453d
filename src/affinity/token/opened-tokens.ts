import type { TokenContent } from './opened-token.ts';
import type { SealedTokens } from './sealed-tokens.ts';

/** A token that was opened before. */
export interface KnownToken {
  readonly content: TokenContent;
  /** In whose scope it opened. */
  readonly tokens: SealedTokens;
  /** `tokens.version` at that time. */
  readonly version: number;
}

/**
 * Tokens that were opened lately, so that a session's later requests cost a look-up and no decryption. Two generations:
 * when the young one is full it becomes the old one, and what is used again moves on; so at most twice `capacity`.
 */
export class OpenedTokens {
  readonly #capacity: number;
  #young = new Map<string, KnownToken>();
  #old = new Map<string, KnownToken>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  find(text: string): KnownToken | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old === undefined) return undefined;
    this.#old.delete(text);
    this.#add(text, old);
    return old;
  }

  add(text: string, token: KnownToken): void {
    // A piece of a request's head would keep all of that head in memory.
    this.#add(Buffer.from(text, 'latin1').toString('latin1'), token);
  }

  #add(text: string, token: KnownToken): void {
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, token);
  }
}
