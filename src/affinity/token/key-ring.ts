import type { SessionKey } from './session-key.ts';

/** The keys that open tokens, and the one of them that seals. Its keys may be replaced while it is in use. */
export class KeyRing {
  #keys: ReadonlyMap<string, SessionKey> = new Map();
  #sealing: SessionKey | null = null;
  #lookedUpAt = -1;
  /** Grows with each change; what was made with the keys before does not count any more. */
  version = 0;

  constructor(keys: readonly SessionKey[] = []) {
    this.replace(keys);
  }

  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** Tokens that are out stay valid as long as their key is among the new ones. */
  replace(keys: readonly SessionKey[]): void {
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#lookedUpAt = -1;
    this.version++;
  }

  find(id: string): SessionKey | undefined {
    return this.#keys.get(id);
  }

  /** The key whose time to seal came last; null: there is none. Where no time has come yet, the key that is next. */
  sealingKey(nowSeconds: number): SessionKey | null {
    if (this.#lookedUpAt === nowSeconds) return this.#sealing;
    this.#lookedUpAt = nowSeconds;
    this.#sealing = this.#findSealingKey(nowSeconds);
    return this.#sealing;
  }

  #findSealingKey(nowSeconds: number): SessionKey | null {
    let current: SessionKey | null = null;
    let next: SessionKey | null = null;
    for (const key of this.#keys.values()) {
      if (key.sealsFromSeconds <= nowSeconds) {
        if (current === null || key.sealsFromSeconds >= current.sealsFromSeconds) current = key;
      } else if (next === null || key.sealsFromSeconds < next.sealsFromSeconds) {
        next = key;
      }
    }
    return current ?? next;
  }
}

/** All key rings of a process by name, each for the process's life, so that what is compiled can hold on to it. */
export class KeyRings {
  readonly #rings = new Map<string, KeyRing>();

  /** The ring of this name; one that nobody has given keys has none, and then nothing is sealed or opened. */
  get(name: string): KeyRing {
    let ring = this.#rings.get(name);
    if (ring === undefined) {
      ring = new KeyRing();
      this.#rings.set(name, ring);
    }
    return ring;
  }
}
