const SIZE = 624;
const SHIFT = 397;

/**
 * MT19937 (32 bit), as std::mt19937: bounded load shuffles with it (envoy-affinity §6.4). Few of its 624 words are
 * ever drawn, so the state is seeded and advanced only as far as the next draw needs.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(SIZE);
  #seeded = 0;
  #next = 0;

  /** Starts anew; `seed` is taken as 32 bits. */
  seed(seed: number): void {
    this.#state[0] = seed;
    this.#seeded = 1;
    this.#next = 0;
  }

  /** The next number of 0..2^32-1. */
  draw(): number {
    const state = this.#state;
    const i = this.#next;
    const following = (i + 1) % SIZE;
    const distant = (i + SHIFT) % SIZE;
    this.#seedUpTo(Math.max(i + 1, i + SHIFT));
    const mixed = (state[i]! & 0x80000000) | (state[following]! & 0x7fffffff);
    state[i] = state[distant]! ^ (mixed >>> 1) ^ ((mixed & 1) === 0 ? 0 : 0x9908b0df);
    this.#next = following;
    let word = state[i]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  /** A number of 0..limit-1, drawn as Envoy does: by division, and again if it falls behind the last whole share. */
  drawBelow(limit: number): number {
    const share = Math.floor(4294967296 / limit);
    let value = limit;
    while (value >= limit) value = Math.floor(this.draw() / share);
    return value;
  }

  #seedUpTo(index: number): void {
    const state = this.#state;
    const end = Math.min(index + 1, SIZE);
    for (let i = this.#seeded; i < end; i++) {
      const previous = state[i - 1]!;
      state[i] = Math.imul(previous ^ (previous >>> 30), 1812433253) + i;
    }
    if (end > this.#seeded) this.#seeded = end;
  }
}
