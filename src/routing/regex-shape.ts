/**
 * What a pattern says without an engine. Most patterns in routes are a text, or a text and `.*`; those run as plain
 * comparisons, and of the others the literal beginning still narrows the search in the path trie.
 */
export interface RegexShape {
  /** Every matching value begins with this text (configuration text, not bytes). */
  readonly literal: string;
  /** What follows the literal: nothing, `.*`, `.+`, or something only the engine knows. */
  readonly rest: 'nothing' | 'anything' | 'something' | 'pattern';
}

const PATTERN_ONLY: RegexShape = { literal: '', rest: 'pattern' };

/**
 * The shape of a valid RE2 pattern that must match a whole value. Exact for values without a line feed (`.` is any byte
 * but that one, and no value in an HTTP head holds one).
 */
export function shapeOfRegex(pattern: string): RegexShape {
  if (hasTopLevelAlternative(pattern)) return PATTERN_ONLY;
  // A whole value is matched anyway, so the anchors that people write out add nothing.
  let body = pattern.startsWith('^') ? pattern.slice(1) : pattern;
  if (/(?<!\\)(?:\\\\)*\$$/.test(body)) body = body.slice(0, -1);
  let literal = '';
  let i = 0;
  while (i < body.length) {
    const length = literalLength(body, i);
    if (length === 0 || isQuantifier(body[i + length])) break;
    literal += body[i + length - 1];
    i += length;
  }
  const rest = body.slice(i);
  if (rest === '') return { literal, rest: 'nothing' };
  if (rest === '.*') return { literal, rest: 'anything' };
  if (rest === '.+') return { literal, rest: 'something' };
  return { literal, rest: 'pattern' };
}

/** 1 for a character that stands for itself, 2 for an escaped punctuation mark, 0 for all else. */
function literalLength(pattern: string, at: number): 0 | 1 | 2 {
  const char = pattern[at];
  if (char === undefined) return 0;
  if (char === '\\') return /^[!-/:-@[-`{-~]/.test(pattern.slice(at + 1, at + 2)) ? 2 : 0;
  // A character outside ASCII is several bytes, and a quantifier behind it repeats only the last of them: left to the engine.
  if (char > '\x7f') return 0;
  return '.*+?()[]{}|^$'.includes(char) ? 0 : 1;
}

function isQuantifier(char: string | undefined): boolean {
  return char === '*' || char === '+' || char === '?' || char === '{';
}

/** Whether a `|` may split the whole pattern; answers true when in doubt (`\Q...\E` quoting). */
function hasTopLevelAlternative(pattern: string): boolean {
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') {
      i++;
      if (pattern[i] === 'Q') return true;
    } else if (char === '[') i = endOfClass(pattern, i);
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === '|' && depth === 0) return true;
  }
  return false;
}

/** Index of the `]` that ends the class beginning at `start`. */
function endOfClass(pattern: string, start: number): number {
  let i = start + 1;
  if (pattern[i] === '^') i++;
  if (pattern[i] === ']') i++;
  for (; i < pattern.length && pattern[i] !== ']'; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '[' && pattern[i + 1] === ':') {
      const end = pattern.indexOf(':]', i + 2);
      if (end >= 0) i = end + 1;
    }
  }
  return i;
}
