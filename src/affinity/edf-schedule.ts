/**
 * Earliest-deadline-first schedule: entries come up in proportion to their weights and evenly spread, as Envoy's
 * weighted round robin does. An entry's weight is asked for again each time it is taken.
 */
export class EdfSchedule {
  readonly #weightOf: (index: number) => number;
  /** Binary heap of entries by deadline; entries with one deadline come in the order they were put in. */
  readonly #heap: Uint32Array;
  readonly #deadlines: Float64Array;
  readonly #order: Float64Array;
  #inserted = 0;

  /** `length` entries; each starts at a random point of its period, so that processes do not march in step. */
  constructor(length: number, weightOf: (index: number) => number, random: () => number) {
    this.#weightOf = weightOf;
    this.#heap = Uint32Array.from({ length }, (_, index) => index);
    this.#deadlines = Float64Array.from({ length }, (_, index) => random() / weightOf(index));
    this.#order = Float64Array.from({ length }, (_, index) => index);
    this.#inserted = length;
    for (let i = (length >>> 1) - 1; i >= 0; i--) this.#siftDown(i);
  }

  /** Index of the next entry, or -1 if there is none. */
  next(): number {
    if (this.#heap.length === 0) return -1;
    const index = this.#heap[0]!;
    this.#deadlines[index]! += 1 / this.#weightOf(index);
    this.#order[index] = this.#inserted++;
    this.#siftDown(0);
    return index;
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const entry = heap[start]!;
    let hole = start;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, entry)) break;
      heap[hole] = heap[child]!;
      hole = child;
    }
    heap[hole] = entry;
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.#deadlines[a]!;
    const second = this.#deadlines[b]!;
    return first < second || (first === second && this.#order[a]! < this.#order[b]!);
  }
}
