import type { RingEntries } from './ring-entries.ts';

/*
 * Envoy sorts its ring with libc++'s std::sort, which is not stable: where several entries have one hash, the order it
 * leaves them in decides which host a key gets. This file does the same comparisons and moves in the same order
 * (envoy-affinity §4.6), on indices. It runs only for rings in which hosts share a hash key.
 */

/** Shorter ranges are insertion-sorted. */
const INSERTION_LIMIT = 24;
/** Longer ranges take the median of three medians as their pivot. */
const NINTHER_LIMIT = 128;
/** After so many displaced elements a hopeful insertion sort gives up. */
const INCOMPLETE_LIMIT = 8;

/** Sorts `entries` in place, equal hashes in the order libc++ leaves them. */
export function sortLikeLibcxx(entries: RingEntries): void {
  const length = entries.hi.length;
  const order = Uint32Array.from({ length }, (_, index) => index);
  new Sorter(entries, order).sort(0, length, 2 * Math.floor(Math.log2(Math.max(length, 1))), true);
  const { hi, lo, owner } = { hi: entries.hi.slice(), lo: entries.lo.slice(), owner: entries.owner.slice() };
  for (let i = 0; i < length; i++) {
    const from = order[i]!;
    entries.hi[i] = hi[from]!;
    entries.lo[i] = lo[from]!;
    entries.owner[i] = owner[from]!;
  }
}

/** Ranges are [first, last) places in `order`, whose elements index the entries. */
class Sorter {
  readonly #hi: Uint32Array;
  readonly #lo: Uint32Array;
  readonly #order: Uint32Array;

  constructor(entries: RingEntries, order: Uint32Array) {
    this.#hi = entries.hi;
    this.#lo = entries.lo;
    this.#order = order;
  }

  /** The left part is sorted by recursion, the right part by going round; `depth` bounds the recursion. */
  sort(first: number, last: number, depth: number, leftmost: boolean): void {
    let begin = first;
    let budget = depth;
    let isLeftmost = leftmost;
    for (;;) {
      const length = last - begin;
      if (length <= 5) this.#sortFew(begin, length);
      else if (length < INSERTION_LIMIT) this.#insertionSort(begin, last);
      else if (budget === 0) this.#heapSort(begin, last);
      if (length < INSERTION_LIMIT || budget === 0) return;
      budget--;
      this.#movePivotToFront(begin, last);
      // Nothing left of the range is greater than its pivot; if it is not less either, the range starts with equals.
      if (!isLeftmost && !this.#less(begin - 1, begin)) {
        begin = this.#partitionEqualsLeft(begin, last);
        continue;
      }
      const { pivot, alreadyPartitioned } = this.#partitionEqualsRight(begin, last);
      if (alreadyPartitioned) {
        const leftSorted = this.#insertionSortIncomplete(begin, pivot);
        if (this.#insertionSortIncomplete(pivot + 1, last)) {
          if (!leftSorted) this.sort(begin, pivot, budget, isLeftmost);
          return;
        }
        if (leftSorted) {
          // libc++ leaves "leftmost" as it was here.
          begin = pivot + 1;
          continue;
        }
      }
      this.sort(begin, pivot, budget, isLeftmost);
      isLeftmost = false;
      begin = pivot + 1;
    }
  }

  /** Fixed networks for up to five elements. */
  #sortFew(first: number, length: number): void {
    if (length === 2) {
      if (this.#less(first + 1, first)) this.#swap(first, first + 1);
    } else if (length === 3) {
      this.#sort3(first, first + 1, first + 2);
    } else if (length === 4) {
      this.#sort4(first, first + 1, first + 2, first + 3);
    } else if (length === 5) {
      this.#sort4(first, first + 1, first + 2, first + 3);
      this.#bubbleDown(first, first + 4);
    }
  }

  #movePivotToFront(first: number, last: number): void {
    const half = Math.floor((last - first) / 2);
    const middle = first + half;
    if (last - first > NINTHER_LIMIT) {
      this.#sort3(first, middle, last - 1);
      this.#sort3(first + 1, middle - 1, last - 2);
      this.#sort3(first + 2, middle + 1, last - 3);
      this.#sort3(middle - 1, middle, middle + 1);
      this.#swap(first, middle);
    } else {
      this.#sort3(middle, first, last - 1);
    }
  }

  /** Elements equal to the pivot go left; returns where the greater ones begin. */
  #partitionEqualsLeft(first: number, last: number): number {
    const order = this.#order;
    const pivot = order[first]!;
    let left = first;
    let right = last;
    if (this.#isLess(pivot, order[last - 1]!)) {
      do left++;
      while (!this.#isLess(pivot, order[left]!));
    } else {
      do left++;
      while (left < last && !this.#isLess(pivot, order[left]!));
    }
    if (left < last) {
      do right--;
      while (this.#isLess(pivot, order[right]!));
    }
    while (left < right) {
      this.#swap(left, right);
      do left++;
      while (!this.#isLess(pivot, order[left]!));
      do right--;
      while (this.#isLess(pivot, order[right]!));
    }
    this.#placePivot(first, left - 1, pivot);
    return left;
  }

  /** Elements equal to the pivot go right. */
  #partitionEqualsRight(first: number, last: number): { pivot: number; alreadyPartitioned: boolean } {
    const order = this.#order;
    const pivot = order[first]!;
    let left = first;
    let right = last;
    do left++;
    while (this.#isLess(order[left]!, pivot));
    if (left - 1 === first) {
      while (left < right && !this.#isLess(order[--right]!, pivot));
    } else {
      do right--;
      while (!this.#isLess(order[right]!, pivot));
    }
    const alreadyPartitioned = left >= right;
    while (left < right) {
      this.#swap(left, right);
      do left++;
      while (this.#isLess(order[left]!, pivot));
      do right--;
      while (!this.#isLess(order[right]!, pivot));
    }
    this.#placePivot(first, left - 1, pivot);
    return { pivot: left - 1, alreadyPartitioned };
  }

  /** The pivot was held aside; it changes places with the last element that belongs left of it. */
  #placePivot(first: number, place: number, pivot: number): void {
    this.#order[first] = this.#order[place]!;
    this.#order[place] = pivot;
  }

  #insertionSort(first: number, last: number): void {
    for (let i = first + 1; i < last; i++) this.#insert(first, i);
  }

  /** Sorts if few elements are out of place; gives up, with what it has done so far, after eight. */
  #insertionSortIncomplete(first: number, last: number): boolean {
    const length = last - first;
    if (length <= 5) {
      this.#sortFew(first, length);
      return true;
    }
    this.#sort3(first, first + 1, first + 2);
    let displaced = 0;
    for (let i = first + 3; i < last; i++) {
      if (!this.#less(i, i - 1)) continue;
      this.#insert(first, i);
      if (++displaced === INCOMPLETE_LIMIT) return i + 1 === last;
    }
    return true;
  }

  /** Moves the element at `place` down behind the last one that is not greater. */
  #insert(first: number, place: number): void {
    const order = this.#order;
    const element = order[place]!;
    let hole = place;
    while (hole > first && this.#isLess(element, order[hole - 1]!)) {
      order[hole] = order[hole - 1]!;
      hole--;
    }
    order[hole] = element;
  }

  #sort3(x: number, y: number, z: number): void {
    if (!this.#less(y, x)) {
      if (!this.#less(z, y)) return;
      this.#swap(y, z);
      if (this.#less(y, x)) this.#swap(x, y);
      return;
    }
    if (this.#less(z, y)) {
      this.#swap(x, z);
      return;
    }
    this.#swap(x, y);
    if (this.#less(z, y)) this.#swap(y, z);
  }

  #sort4(a: number, b: number, c: number, d: number): void {
    this.#sort3(a, b, c);
    this.#bubbleDown(a, d);
  }

  /** Lets the element at `place` sink by swaps while it is less than its neighbour. */
  #bubbleDown(first: number, place: number): void {
    for (let i = place; i > first && this.#less(i, i - 1); i--) this.#swap(i, i - 1);
  }

  /** What is left when pivots were bad too often: plain, since no recorded ring has come here. */
  #heapSort(first: number, last: number): void {
    const length = last - first;
    for (let root = Math.floor(length / 2) - 1; root >= 0; root--) this.#siftDown(first, root, length);
    for (let end = length - 1; end > 0; end--) {
      this.#swap(first, first + end);
      this.#siftDown(first, 0, end);
    }
  }

  #siftDown(first: number, start: number, length: number): void {
    let root = start;
    for (;;) {
      let child = 2 * root + 1;
      if (child >= length) return;
      if (child + 1 < length && this.#less(first + child, first + child + 1)) child++;
      if (!this.#less(first + root, first + child)) return;
      this.#swap(first + root, first + child);
      root = child;
    }
  }

  /** Compares the elements at two places. */
  #less(a: number, b: number): boolean {
    return this.#isLess(this.#order[a]!, this.#order[b]!);
  }

  /** Compares two elements by their hashes, unsigned. */
  #isLess(a: number, b: number): boolean {
    const hiA = this.#hi[a]!;
    const hiB = this.#hi[b]!;
    return hiA < hiB || (hiA === hiB && this.#lo[a]! < this.#lo[b]!);
  }

  #swap(a: number, b: number): void {
    const order = this.#order;
    const element = order[a]!;
    order[a] = order[b]!;
    order[b] = element;
  }
}
