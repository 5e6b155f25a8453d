import assert from 'node:assert/strict';
import { RE2JS } from 're2js';
import { toByteString } from './byte-string.ts';

/** RE2 instructions a pattern may compile to; thousands of words in an alternation stay far below. */
const MAX_REGEX_PROGRAM_SIZE = 10_000;

/** Characters a pattern may have, so that parsing it is bounded too. */
const MAX_REGEX_LENGTH = 32_768;

/**
 * Steps (instructions times bytes) one call may cost in the worst case, some 200 ms. RE2 is linear, but linear in the
 * product of two sizes of which the client chooses one. Only a value of many kilobytes under a pattern of hundreds of
 * instructions comes near it.
 */
const MAX_STEPS = 1 << 24;

/**
 * Compiles a full-match test for a pattern that validateRegex() accepts; an invalid one is a bug of the caller, since
 * dialects refuse it. Matching is on byte strings, the pattern being its UTF-8 bytes, so `.` is one byte
 * (envoy-affinity §7.6). A value too long for the pattern (see MAX_STEPS) does not match.
 */
export function compileRegex(pattern: string): (value: string) => boolean {
  const regex = compileValid(pattern);
  const maxLength = Math.floor(MAX_STEPS / regex.programSize());
  return (value) => value.length <= maxLength && regex.testExact(value);
}

/**
 * Compiles RE2's GlobalReplace: every match in the value gives way to the substitution, in which `\0`..`\9` are the
 * match's groups. A value that could take too long (see MAX_STEPS; every match may scan the whole rest) is returned as it is.
 */
export function compileRegexReplace(pattern: string, substitution: string): (value: string) => string {
  const regex = compileValid(pattern);
  const problem = validateSubstitution(pattern, substitution);
  assert(problem === null, problem ?? '');
  const parts = parseSubstitution(toByteString(substitution));
  return (value) => replaceAll(regex, parts, value);
}

/** What is wrong with an RE2 pattern, as text for the user, or null. */
export function validateRegex(pattern: string): string | null {
  if (pattern.length > MAX_REGEX_LENGTH) return `the pattern is longer than ${MAX_REGEX_LENGTH} characters`;
  try {
    const size = RE2JS.compile(toByteString(pattern)).programSize();
    if (size <= MAX_REGEX_PROGRAM_SIZE) return null;
    return `the pattern is too large (${size} instructions, ${MAX_REGEX_PROGRAM_SIZE} at most)`;
  } catch (error) {
    return `not a valid RE2 pattern: ${reasonOf(error)}`;
  }
}

export function isValidRegex(pattern: string): boolean {
  return validateRegex(pattern) === null;
}

/** What is wrong with the substitution of a valid pattern (RE2's CheckRewriteString), as text for the user, or null. */
export function validateSubstitution(pattern: string, substitution: string): string | null {
  const groups = RE2JS.compile(toByteString(pattern)).groupCount();
  for (let i = substitution.indexOf('\\'); i >= 0; i = substitution.indexOf('\\', i + 2)) {
    const next = substitution[i + 1];
    if (next === undefined) return 'the substitution ends with a single backslash; write \\\\ for a backslash';
    if (next === '\\') continue;
    if (next < '0' || next > '9') return `\\${next} in the substitution is neither a group (\\0 to \\9) nor \\\\`;
    if (Number(next) > groups) return `the substitution uses group \\${next}, but the pattern has ${groups}`;
  }
  return null;
}

function compileValid(pattern: string): RE2JS {
  const problem = validateRegex(pattern);
  assert(problem === null, problem ?? '');
  return RE2JS.compile(toByteString(pattern));
}

/** Literal texts and group numbers in their order. */
function parseSubstitution(substitution: string): (string | number)[] {
  const parts: (string | number)[] = [];
  let literal = '';
  for (let i = 0; i < substitution.length; i++) {
    const char = substitution.charAt(i);
    if (char !== '\\') {
      literal += char;
      continue;
    }
    const next = substitution.charAt(++i);
    if (next < '0' || next > '9') literal += next;
    else {
      parts.push(literal, Number(next));
      literal = '';
    }
  }
  parts.push(literal);
  return parts;
}

function replaceAll(regex: RE2JS, parts: readonly (string | number)[], value: string): string {
  const matcher = regex.matcher(value);
  const size = regex.programSize();
  let steps = 0;
  let out = '';
  let position = 0;
  let lastEnd = -1;
  while (position <= value.length) {
    steps += (value.length - position + 1) * size;
    if (steps > MAX_STEPS) return value;
    if (!matcher.find(position)) break;
    const start = matcher.start();
    const end = matcher.end();
    out += value.slice(position, start);
    // RE2 takes no empty match directly after a match: the next byte is copied and the search goes on behind it.
    if (start === end && start === lastEnd) {
      out += value.slice(start, start + 1);
      position = start + 1;
      continue;
    }
    for (const part of parts) out += typeof part === 'string' ? part : (matcher.group(part) ?? '');
    position = end;
    lastEnd = end;
  }
  return out + value.slice(position);
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^error parsing regexp: /, '');
}
