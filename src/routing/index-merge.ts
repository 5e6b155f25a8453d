/**
 * Merges ascending lists of indices into one ascending sequence, lazily: a binary heap of cursors. Reused for every
 * request of a route table, so it allocates nothing once it has grown.
 */
export class IndexMerge {
  readonly #lists: (readonly number[])[] = [];
  readonly #cursors: number[] = [];
  /** Current index of each list; the heap's order. */
  readonly #heads: number[] = [];
  #size = 0;

  clear(): void {
    this.#size = 0;
  }

  /** Adds a list that is not empty. */
  add(list: readonly number[]): void {
    const at = this.#size++;
    this.#set(at, list, 0);
    this.#siftUp(at);
  }

  /** The next index, or Infinity when all lists are at their end. */
  next(): number {
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    const lowest = this.#heads[0] ?? Number.POSITIVE_INFINITY;
    const list = this.#lists[0] ?? [];
    const cursor = (this.#cursors[0] ?? 0) + 1;
    if (cursor < list.length) this.#set(0, list, cursor);
    else {
      this.#size--;
      this.#set(0, this.#lists[this.#size] ?? [], this.#cursors[this.#size] ?? 0);
    }
    this.#siftDown();
    return lowest;
  }

  #set(at: number, list: readonly number[], cursor: number): void {
    this.#lists[at] = list;
    this.#cursors[at] = cursor;
    this.#heads[at] = list[cursor] ?? Number.POSITIVE_INFINITY;
  }

  #siftUp(start: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #siftDown(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.#size) return;
      const right = left + 1;
      const child = right < this.#size && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    return (this.#heads[a] ?? 0) < (this.#heads[b] ?? 0);
  }

  #swap(a: number, b: number): void {
    const list = this.#lists[a] ?? [];
    const cursor = this.#cursors[a] ?? 0;
    this.#set(a, this.#lists[b] ?? [], this.#cursors[b] ?? 0);
    this.#set(b, list, cursor);
  }
}
