import type { HeaderMatch, PathMatch, QueryMatch, RouteMatch, StringMatch } from '../model/route.ts';
import { type Message, message } from './proto-json.ts';

export function emitRouteMatch({ path, headers, query }: RouteMatch): Message {
  return message({
    ...emitPath(path),
    headers: headers.map(emitHeader),
    queryParameters: query.map(emitQuery),
  });
}

function emitPath(path: PathMatch): Message {
  if (path.kind === 'regex') return { safeRegex: { regex: path.pattern } };
  const caseSensitive = path.ignoreCase ? false : null;
  switch (path.kind) {
    case 'exact':
      return message({ path: path.value, caseSensitive });
    case 'prefix':
      return message({ prefix: path.value, caseSensitive });
    case 'segmentPrefix': {
      // Envoy takes no slash at the end, since it matches whole segments anyway.
      const value = path.value.replace(/\/+$/, '');
      return message(value === '' ? { prefix: '/' } : { pathSeparatedPrefix: value, caseSensitive });
    }
  }
}

function emitHeader({ name, match, invert, missingAsEmpty }: HeaderMatch): Message {
  return message({
    name,
    ...emitPresenceOrValue(match),
    invertMatch: invert || null,
    treatMissingHeaderAsEmpty: missingAsEmpty || null,
  });
}

function emitQuery({ name, match }: QueryMatch): Message {
  return message({ name, ...emitPresenceOrValue(match) });
}

function emitPresenceOrValue(match: StringMatch): Message {
  return match.kind === 'present' ? { presentMatch: true } : { stringMatch: emitStringMatch(match) };
}

/** A StringMatcher, which has no form for presence and takes no empty part of a text. */
export function emitStringMatch(match: StringMatch): Message {
  if (match.kind === 'regex') return { safeRegex: { regex: match.pattern } };
  if (match.kind === 'present' || (match.kind !== 'exact' && match.value === '')) return { safeRegex: { regex: '.*' } };
  return message({ [match.kind]: match.value, ignoreCase: match.ignoreCase || null });
}
