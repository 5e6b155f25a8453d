import type { HeaderMatch, PathMatch, QueryMatch, RouteMatch, StringMatch } from '../../model/route.ts';
import type { HttpRouteMatch, NamedMatch } from './schema-http-route.ts';

export const MATCH_ALL: HttpRouteMatch = {
  path: { type: 'PathPrefix', value: '/' },
  headers: [],
  queryParams: [],
  method: null,
};

export function emitMatch(match: HttpRouteMatch): RouteMatch {
  const headers = firstOfEach(match.headers, (name) => name.toLowerCase()).map(
    ([name, found]): HeaderMatch => ({ name, match: emitValue(found), invert: false, missingAsEmpty: false }),
  );
  const method: HeaderMatch[] =
    match.method === null
      ? []
      : [
          {
            name: ':method',
            match: { kind: 'exact', value: match.method, ignoreCase: false },
            invert: false,
            missingAsEmpty: false,
          },
        ];
  return {
    path: emitPath(match.path),
    headers: [...headers, ...method],
    query: firstOfEach(match.queryParams, (name) => name).map(
      ([name, found]): QueryMatch => ({ name, match: emitValue(found) }),
    ),
  };
}

/** A trailing slash of a prefix does not count: `/abc/` is `/abc`. */
function emitPath({ type, value }: HttpRouteMatch['path']): PathMatch {
  if (type === 'RegularExpression') return { kind: 'regex', pattern: value };
  if (type === 'Exact') return { kind: 'exact', value, ignoreCase: false };
  return { kind: 'segmentPrefix', value: value.replace(/\/$/, '') || '/', ignoreCase: false };
}

function emitValue({ type, value }: NamedMatch): StringMatch {
  return type === 'Exact' ? { kind: 'exact', value, ignoreCase: false } : { kind: 'regex', pattern: value };
}

/** Of entries with one name the first counts. */
function firstOfEach(matches: readonly NamedMatch[], toKey: (name: string) => string): [string, NamedMatch][] {
  const byName = new Map<string, NamedMatch>();
  for (const match of matches) {
    const key = toKey(match.name);
    if (!byName.has(key)) byName.set(key, match);
  }
  return [...byName];
}

/**
 * Which of two matches is asked first (HTTPRouteRule, matching precedence): exact path, then regex (left to the
 * implementation), then the longest prefix; a method; more headers; more query parameters.
 */
export function compareMatches(a: HttpRouteMatch, b: HttpRouteMatch): number {
  return (
    pathRank(b) - pathRank(a) ||
    (a.path.type === 'PathPrefix' ? prefixLength(b) - prefixLength(a) : 0) ||
    Number(b.method !== null) - Number(a.method !== null) ||
    b.headers.length - a.headers.length ||
    b.queryParams.length - a.queryParams.length
  );
}

function pathRank({ path }: HttpRouteMatch): number {
  return { Exact: 2, RegularExpression: 1, PathPrefix: 0 }[path.type];
}

function prefixLength({ path }: HttpRouteMatch): number {
  return path.value.replace(/\/$/, '').length;
}
