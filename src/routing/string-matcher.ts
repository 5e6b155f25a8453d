import { toByteString, toLowerAscii } from '../model/byte-string.ts';
import { compileRegex } from '../model/regex.ts';
import type { StringMatch } from '../model/route.ts';
import { shapeOfRegex } from './regex-shape.ts';

/** Whether a value that is there matches; the value is a byte string. */
export type StringMatcher = (value: string) => boolean;

/** Compiles a string match; `ignoreCase` folds ASCII letters only, as Envoy does. */
export function compileStringMatch(match: StringMatch): StringMatcher {
  switch (match.kind) {
    case 'present':
      return () => true;
    case 'regex':
      return compileRegexMatch(match.pattern);
    default: {
      const value = toByteString(match.value);
      if (!match.ignoreCase) return compileComparison(match.kind, value);
      const matches = compileComparison(match.kind, toLowerAscii(value));
      return (candidate) => matches(toLowerAscii(candidate));
    }
  }
}

/** A full-match test for a valid RE2 pattern; runs without the engine where the pattern's shape allows. */
export function compileRegexMatch(pattern: string): StringMatcher {
  const { literal, rest } = shapeOfRegex(pattern);
  switch (rest) {
    case 'nothing':
      return (candidate) => candidate === literal;
    case 'anything':
      return (candidate) => candidate.startsWith(literal);
    case 'something':
      return (candidate) => candidate.length > literal.length && candidate.startsWith(literal);
    case 'pattern': {
      const matches = compileRegex(pattern);
      return (candidate) => candidate.startsWith(literal) && matches(candidate);
    }
  }
}

function compileComparison(kind: 'exact' | 'prefix' | 'suffix' | 'contains', value: string): StringMatcher {
  switch (kind) {
    case 'exact':
      return (candidate) => candidate === value;
    case 'prefix':
      return (candidate) => candidate.startsWith(value);
    case 'suffix':
      return (candidate) => candidate.endsWith(value);
    case 'contains':
      return (candidate) => candidate.includes(value);
  }
}
