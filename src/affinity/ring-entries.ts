/** Ring entries as parallel arrays, because a ring may have eight million of them. */
export interface RingEntries {
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  /** Index of the host that the entry belongs to. */
  readonly owner: Uint32Array;
}

/** `length` entries, all zero. */
export function createRingEntries(length: number): RingEntries {
  return { hi: new Uint32Array(length), lo: new Uint32Array(length), owner: new Uint32Array(length) };
}

// Eleven bits sort 64 in six passes, with counts that stay in the first cache.
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** A copy of `entries` in ascending order of their hashes; stable (a radix sort from the lowest digit up). */
export function sortRingEntries(entries: RingEntries): RingEntries {
  const length = entries.hi.length;
  let source: RingEntries = { hi: entries.hi.slice(), lo: entries.lo.slice(), owner: entries.owner.slice() };
  let target = createRingEntries(length);
  const offsets = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 64; shift += DIGIT_BITS) {
    if (!countDigits(source, shift, offsets)) continue;
    scatter(source, target, shift, offsets);
    [source, target] = [target, source];
  }
  return source;
}

/** True if two neighbours of sorted entries have one hash. */
export function hasEqualHashes(sorted: RingEntries): boolean {
  const { hi, lo } = sorted;
  for (let i = 1; i < hi.length; i++) {
    if (lo[i] === lo[i - 1] && hi[i] === hi[i - 1]) return true;
  }
  return false;
}

/** The 11-bit digit at `shift`; it may span both words. Bits above 63 read as 0. */
function digitAt(entries: RingEntries, index: number, shift: number): number {
  const hi = entries.hi[index]!;
  if (shift >= 32) return (hi >>> (shift - 32)) & (DIGITS - 1);
  const low = entries.lo[index]! >>> shift;
  return (shift + DIGIT_BITS > 32 ? low | (hi << (32 - shift)) : low) & (DIGITS - 1);
}

/** Turns `offsets` into the first target place of every digit; false if all entries share one digit. */
function countDigits(source: RingEntries, shift: number, offsets: Uint32Array): boolean {
  const length = source.hi.length;
  offsets.fill(0);
  for (let i = 0; i < length; i++) offsets[digitAt(source, i, shift)]! += 1;
  let next = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = offsets[digit]!;
    if (count === length) return false;
    offsets[digit] = next;
    next += count;
  }
  return true;
}

/** Moves every entry to the next place of its digit, which keeps entries of one digit in order. */
function scatter(source: RingEntries, target: RingEntries, shift: number, offsets: Uint32Array): void {
  for (let i = 0; i < source.hi.length; i++) {
    const digit = digitAt(source, i, shift);
    const place = offsets[digit]!;
    offsets[digit] = place + 1;
    target.hi[place] = source.hi[i]!;
    target.lo[place] = source.lo[i]!;
    target.owner[place] = source.owner[i]!;
  }
}
