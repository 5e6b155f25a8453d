/** Takes turns: as many probes at once as there are slots, the others in the order they came. */
export class ProbeSlots {
  readonly #limit: number;
  /** Insertion order is the order of service, and leaving from the middle costs nothing. */
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `start` now or when a slot is free; whoever was started gives its slot back with `release`. */
  acquire(start: () => void): void {
    if (this.#taken < this.#limit) {
      this.#taken++;
      start();
    } else {
      this.#waiting.add(start);
    }
  }

  /** Leaves the queue; false if `start` is not in it. */
  withdraw(start: () => void): boolean {
    return this.#waiting.delete(start);
  }

  release(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next();
      return;
    }
    this.#taken--;
  }
}
