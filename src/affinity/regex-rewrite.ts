import { RE2JS } from 're2js';
import type { RegexRewrite } from '../model/affinity.ts';
import { toByteString } from '../model/byte-string.ts';

/**
 * Steps (instructions of the pattern times bytes) that one value may cost. RE2 is linear, but in the product of two
 * sizes of which the client chooses one, and every match may look at the rest of the value.
 */
const MAX_STEPS = 1 << 26;

/** A rewrite that is ready to run, on byte strings. */
export class CompiledRewrite {
  readonly #pattern: RE2JS;
  /** Literal text, and numbers for groups. */
  readonly #parts: readonly (string | number)[];

  constructor(pattern: RE2JS, parts: readonly (string | number)[]) {
    this.#pattern = pattern;
    this.#parts = parts;
  }

  /**
   * `text` with every match replaced, as RE2::GlobalReplace does it; unchanged if nothing matches (envoy-affinity
   * §7.6), or if it would take too long.
   */
  apply(text: string): string {
    const matcher = this.#pattern.matcher(text);
    const size = this.#pattern.programSize();
    let steps = 0;
    let output = '';
    let position = 0;
    let lastEnd = -1;
    while (position <= text.length) {
      steps += (text.length - position + 1) * size;
      if (steps > MAX_STEPS) return text;
      if (!matcher.find(position)) break;
      const start = matcher.start();
      const end = matcher.end();
      output += text.slice(position, start);
      if (start === end && start === lastEnd) {
        // An empty match right behind a match does not count; one byte is passed over.
        output += text.slice(start, start + 1);
        position = start + 1;
        continue;
      }
      for (const part of this.#parts) output += typeof part === 'string' ? part : (matcher.group(part) ?? '');
      position = end;
      lastEnd = end;
    }
    return lastEnd < 0 ? text : output + text.slice(position);
  }
}

/**
 * Compiles a rewrite; matching is on bytes, so the pattern's own text is taken as bytes too. Throws an Error that says
 * what is wrong if the pattern is no RE2 or the substitution names a group that is not there: dialects call this to
 * check what the user wrote.
 */
export function compileRewrite(rewrite: RegexRewrite): CompiledRewrite {
  const pattern = RE2JS.compile(toByteString(rewrite.pattern));
  return new CompiledRewrite(pattern, parseSubstitution(toByteString(rewrite.substitution), pattern.groupCount()));
}

function parseSubstitution(substitution: string, groups: number): (string | number)[] {
  const parts: (string | number)[] = [];
  let literal = '';
  for (let i = 0; i < substitution.length; i++) {
    const character = substitution[i]!;
    if (character !== '\\') {
      literal += character;
      continue;
    }
    const escaped = substitution[++i];
    if (escaped === '\\') {
      literal += '\\';
    } else if (escaped !== undefined && escaped >= '0' && escaped <= '9') {
      const group = Number(escaped);
      if (group > groups) throw new Error(`substitution names group \\${group}, the pattern has ${groups}`);
      parts.push(literal, group);
      literal = '';
    } else {
      throw new Error('a backslash in a substitution must be followed by a digit or a backslash');
    }
  }
  return [...parts, literal].filter((part) => part !== '');
}
