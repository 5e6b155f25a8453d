import { equalsIgnoringCase } from './characters.ts';

/**
 * A set of field names, compiled from configuration, that answers for a stretch of a head without cutting a string out
 * of it. Most names of a request differ from all members in length, which one bit test sees.
 */
export class HeaderNames {
  readonly #byLength: (readonly string[])[] = [];
  /** Bit `length % 32` is set where a member has that length. */
  readonly #lengths: number;
  readonly isEmpty: boolean;

  /** `names` in any case. */
  constructor(names: Iterable<string>) {
    let lengths = 0;
    for (const name of new Set(Array.from(names, (each) => each.toLowerCase()))) {
      this.#byLength[name.length] = [...(this.#byLength[name.length] ?? []), name];
      lengths |= 1 << (name.length & 31);
    }
    this.#lengths = lengths;
    this.isEmpty = this.#byLength.length === 0;
  }

  /** Whether `text` from `start` to `end` is one of the names, in any case. */
  has(text: string, start: number, end: number): boolean {
    const length = end - start;
    if ((this.#lengths & (1 << (length & 31))) === 0) return false;
    const members = this.#byLength[length];
    if (members === undefined) return false;
    for (let i = 0; i < members.length; i++) {
      if (equalsIgnoringCase(text, start, members[i]!)) return true;
    }
    return false;
  }
}

export const NO_HEADER_NAMES: HeaderNames = new HeaderNames([]);
