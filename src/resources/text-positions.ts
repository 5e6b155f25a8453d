import type { Location } from '../diagnostics/diagnostic.ts';

/** Offsets of one text as lines and columns, both 1-based; columns count UTF-16 units, as editors do. */
export class TextPositions {
  readonly #source: string;
  readonly #text: string;
  #lineStarts: readonly number[] | null = null;

  constructor(source: string, text: string) {
    this.#source = source;
    this.#text = text;
  }

  at(offset: number): Location {
    return this.between(offset, offset);
  }

  /** The stretch up to the end of its first line, without trailing white space. */
  between(start: number, end: number): Location {
    const starts = this.#starts();
    const line = lineOf(starts, start);
    const column = start - (starts[line - 1] ?? 0) + 1;
    const stretch = /^[^\r\n]*/.exec(this.#text.slice(start, end))?.[0].trimEnd() ?? '';
    return { source: this.#source, line, column, endColumn: column + stretch.length };
  }

  #starts(): readonly number[] {
    this.#lineStarts ??= [0, ...[...this.#text.matchAll(/\n/g)].map((newline) => newline.index + 1)];
    return this.#lineStarts;
  }
}

/** Binary search: the last line that starts at or before the offset. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}
