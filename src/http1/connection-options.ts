import { equalsIgnoringCase, HTAB, SP, TOKEN } from './characters.ts';
import { type Head, HOP_BY_HOP, NAME_END, NAME_START, SLOTS, VALUE_END, VALUE_START } from './head.ts';

const COMMA = 0x2c;

/** More fields than this nobody names; it bounds what a comparison of all fields with all names costs. */
const MAX_NAMES = 100;

/** Bits of what a Connection header says. */
export const SAYS_CLOSE = 1;
export const SAYS_KEEP_ALIVE = 2;
export const SAYS_UPGRADE = 4;
/** Not a list of tokens, or too long a one. */
export const IS_MALFORMED = 8;

/**
 * Reads one Connection line: returns the SAYS bits of its options and adds the others, which name fields of this hop, to `names`
 * in lower case (RFC 9110 §7.6.1). Empty list elements are skipped (§5.6.1.2).
 */
export function readConnection(head: Head, index: number, names: string[]): number {
  const { text, positions } = head;
  const end = positions[index * SLOTS + VALUE_END]!;
  let pos = positions[index * SLOTS + VALUE_START]!;
  let says = 0;
  while (pos < end) {
    const start = pos;
    while (pos < end && TOKEN[text.charCodeAt(pos)] === 1) pos++;
    if (pos > start) {
      const known = knownOption(text, start, pos - start);
      says |= known;
      if (known === 0) {
        if (names.length === MAX_NAMES) return says | IS_MALFORMED;
        names.push(text.slice(start, pos).toLowerCase());
      }
    }
    while (pos < end && isSpace(text.charCodeAt(pos))) pos++;
    if (pos < end && text.charCodeAt(pos) !== COMMA) return says | IS_MALFORMED;
    pos++;
    while (pos < end && isSpace(text.charCodeAt(pos))) pos++;
  }
  return says;
}

/** Whether `text` from `start` to `end` is one of `names`, which are in lower case. */
export function isNamed(names: readonly string[], text: string, start: number, end: number): boolean {
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (name.length === end - start && equalsIgnoringCase(text, start, name)) return true;
  }
  return false;
}

/** What Connection names is for this hop also where it stands in the trailer section (RFC 9110 §7.6.1): the encoder drops it. */
export function dropNamedTrailers(trailers: Head, names: readonly string[]): void {
  if (names.length === 0) return;
  const { text, positions, kinds, count } = trailers;
  for (let i = 0; i < count; i++) {
    const start = positions[i * SLOTS + NAME_START]!;
    if (isNamed(names, text, start, positions[i * SLOTS + NAME_END]!)) kinds[i] = HOP_BY_HOP;
  }
}

function knownOption(text: string, start: number, length: number): number {
  if (length === 10 && equalsIgnoringCase(text, start, 'keep-alive')) return SAYS_KEEP_ALIVE;
  if (length === 5 && equalsIgnoringCase(text, start, 'close')) return SAYS_CLOSE;
  if (length === 7 && equalsIgnoringCase(text, start, 'upgrade')) return SAYS_UPGRADE;
  return 0;
}

function isSpace(code: number): boolean {
  return code === SP || code === HTAB;
}
