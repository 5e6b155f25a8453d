import type { HeaderMatch, PathMatch, QueryMatch, RouteMatch, StringMatch } from '../../model/route.ts';
import type { HttpMatch, StringMatchSpec } from './schema-http-match.ts';

/** A rule without `match` takes every request. */
export const CATCH_ALL: RouteMatch = {
  path: { kind: 'prefix', value: '/', ignoreCase: false },
  headers: [],
  query: [],
};

/** One item of a rule's `match` (istio-affinity §6). Conditions on the gateway itself are no part of it. */
export function emitMatch(match: HttpMatch): RouteMatch {
  const pseudo: HeaderMatch[] = [];
  for (const [name, spec] of [
    [':scheme', match.scheme],
    [':method', match.method],
    [':authority', match.authority],
  ] as const) {
    if (spec !== null) pseudo.push({ name, match: emitString(spec), invert: false, missingAsEmpty: false });
  }
  return {
    path: emitPath(match.uri, match.ignoreUriCase),
    headers: [
      ...Object.entries(match.headers).map(([name, spec]) => emitHeader(name, spec)),
      ...Object.entries(match.withoutHeaders).map(([name, spec]) => emitWithoutHeader(name, spec)),
      ...pseudo,
    ],
    query: Object.entries(match.queryParams).map(
      ([name, spec]): QueryMatch => ({ name: name, match: emitString(spec) }),
    ),
  };
}

/** Prefix `/` or regex `.*` and nothing else: later rules can't be reached. */
export function isCatchAll({ path, headers, query }: RouteMatch): boolean {
  const isAnyPath = (path.kind === 'prefix' && path.value === '/') || (path.kind === 'regex' && path.pattern === '.*');
  return isAnyPath && headers.length === 0 && query.length === 0;
}

function emitPath(uri: StringMatchSpec | null, ignoreCase: boolean): PathMatch {
  if (uri === null || isPresence(uri)) return CATCH_ALL.path;
  if (uri.regex !== null) return { kind: 'regex', pattern: uri.regex };
  if (uri.exact !== null) return { kind: 'exact', value: uri.exact, ignoreCase };
  return { kind: 'prefix', value: uri.prefix ?? '', ignoreCase };
}

function emitHeader(name: string, spec: StringMatchSpec): HeaderMatch {
  return { name: name.toLowerCase(), match: emitString(spec), invert: false, missingAsEmpty: false };
}

/** With a value, a missing header counts as empty, so it passes unless the value is; `{}`: the header must be absent. */
function emitWithoutHeader(name: string, spec: StringMatchSpec): HeaderMatch {
  return { name: name.toLowerCase(), match: emitString(spec), invert: true, missingAsEmpty: !isPresence(spec) };
}

export function emitString(spec: StringMatchSpec): StringMatch {
  if (isPresence(spec)) return { kind: 'present' };
  if (spec.regex !== null) return { kind: 'regex', pattern: spec.regex };
  if (spec.exact !== null) return { kind: 'exact', value: spec.exact, ignoreCase: false };
  return { kind: 'prefix', value: spec.prefix ?? '', ignoreCase: false };
}

function isPresence(spec: StringMatchSpec): boolean {
  return spec.exact === null && spec.prefix === null && spec.regex === null;
}
