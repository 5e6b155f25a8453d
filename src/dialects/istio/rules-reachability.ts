import { formatPath } from '../../resources/resource.ts';
import type { Findings, Written } from '../../resources/written.ts';

/** Rules and matches that an earlier one leaves nothing for: istiod's warnings, for http, tls and tcp alike. */
export function warnOfUnreachable(rules: Written, findings: Findings): void {
  const seen = new Map<string, Written>();
  const prefixes: Written[] = [];
  let catchAll: Written | null = null;
  for (const rule of rules.items) {
    const matches = rule.at('match').items;
    if (catchAll !== null) {
      const help = 'Rules are tried in order. Move it up, or remove it.';
      findings.warn('unreachable-rule', rule, `is never reached: ${nameOf(catchAll)} takes every request`, help);
    }
    if (matches.length === 0) {
      catchAll ??= rule;
      continue;
    }
    if (catchAll !== null) continue;
    const repeated = matches.filter((match) => isRepeated(match, seen, findings));
    if (repeated.length === matches.length) {
      const help = 'Give it a match of its own, or remove it.';
      findings.warn('unreachable-rule', rule, 'is never reached: earlier rules have all its matches', help);
    }
    prefixes.push(...matches.filter((match) => !repeated.includes(match) && match.at('uri').at('prefix').text !== ''));
  }
  warnOfCovered(prefixes, findings);
}

function isRepeated(match: Written, seen: Map<string, Written>, findings: Findings): boolean {
  const key = toKey(match.value);
  const first = seen.get(key);
  if (first === undefined) {
    seen.set(key, match);
    return false;
  }
  findings.warn('unreachable-rule', match, `repeats ${nameOf(first)}, which comes first`, 'Remove one of the two.');
  return true;
}

/** What is matched, whatever its name and the order of its fields. */
function toKey(value: unknown): string {
  const sorted = (part: unknown): unknown =>
    typeof part !== 'object' || part === null || Array.isArray(part)
      ? part
      : Object.fromEntries(
          Object.entries(part)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, sorted(v)]),
        );
  const { name: _, ...rest } = Object(value) as Record<string, unknown>;
  return JSON.stringify(sorted(rest));
}

/** More pairs than these are left alone: no file that people read has them. */
const MAX_PREFIXES = 1000;

function warnOfCovered(prefixes: readonly Written[], findings: Findings): void {
  for (const [index, match] of prefixes.slice(0, MAX_PREFIXES).entries()) {
    const first = prefixes.slice(0, index).find((earlier) => isCovered(match, earlier));
    if (first === undefined) continue;
    const prefix = first.at('uri').at('prefix').text;
    const rule = `is never reached: ${nameOf(first)} takes every path that begins with ${prefix}`;
    findings.warn('unreachable-rule', match, rule, 'Put the longer prefix first.');
  }
}

/** Whether every request of a match goes to an earlier one: as istiod compares them, which is with care. */
function isCovered(match: Written, earlier: Written): boolean {
  const prefix = match.at('uri').at('prefix').text;
  const wider = earlier.at('uri').at('prefix').text;
  if (prefix === wider || !prefix.startsWith(wider)) return false;
  if (match.at('port').number !== earlier.at('port').number) return false;
  const isWithin = (name: string, fallback = ''): boolean =>
    textOf(earlier.at(name), fallback).startsWith(textOf(match.at(name), fallback));
  if (!isWithin('method', 'exact:GET') || !isWithin('authority')) return false;
  return ['headers', 'queryParams', 'withoutHeaders'].every((name) => {
    const wanted = earlier.at(name).entries;
    const given = match.at(name);
    const isEach = wanted.every(([key, one]) => given.at(key).isSet && textOf(one).startsWith(textOf(given.at(key))));
    return wanted.length === given.entries.length && isEach;
  });
}

function textOf(match: Written, fallback = ''): string {
  const exact = match.at('exact').text;
  const prefix = match.at('prefix').text;
  return exact !== '' ? `exact:${exact}` : prefix !== '' ? `prefix:${prefix}` : fallback;
}

function nameOf(field: Written): string {
  return formatPath(field.path);
}
