import { toByteString } from '../model/byte-string.ts';
import type { RequestView } from '../model/request-view.ts';
import type { HeaderMatch, QueryMatch } from '../model/route.ts';
import { SINGLE_VALUE_HEADERS } from '../model/single-value-headers.ts';
import { findQueryParameter, pathEnd } from './request-path.ts';
import { compileRegexMatch, compileStringMatch } from './string-matcher.ts';

/** One thing a request must fulfil besides its path's beginning. */
export type Condition = (request: RequestView) => boolean;

/**
 * Envoy's header matching. Of a repeated header one line that matches is enough, and inverted, none may match (Envoy
 * 1.40, observed); the headers that Envoy keeps as one value are joined with `,` first. A missing header fails the match,
 * also an inverted one, unless it counts as empty. `present` inverted means absent.
 */
export function compileHeaderMatch(header: HeaderMatch): Condition {
  const { name, invert, missingAsEmpty } = header;
  if (header.match.kind === 'present') {
    const readValue = compileHeaderValue(name);
    return (request) => (missingAsEmpty || readValue(request) !== undefined) !== invert;
  }
  const matches = compileStringMatch(header.match);
  const whenMissing = missingAsEmpty && matches('') !== invert;
  if (name.startsWith(':') || name === 'host' || SINGLE_VALUE_HEADERS.has(name)) {
    const readValue = compileHeaderValue(name);
    return (request) => {
      const value = readValue(request);
      return value === undefined ? whenMissing : matches(value) !== invert;
    };
  }
  return (request) => {
    let index = request.findHeader(name, 0);
    if (index < 0) return whenMissing;
    for (; index >= 0; index = request.findHeader(name, index + 1)) {
      if (matches(request.headerValue(index))) return !invert;
    }
    return invert;
  };
}

/** Query parameters as Envoy reads them: nothing decoded, names compared exactly, the first occurrence counts. */
export function compileQueryMatch(query: QueryMatch): Condition {
  const name = toByteString(query.name);
  const matches = compileStringMatch(query.match);
  return (request) => {
    const value = findQueryParameter(request.path, name);
    return value !== undefined && matches(value);
  };
}

/** The pattern must match the whole path without its query. */
export function compilePathRegex(pattern: string): Condition {
  const matches = compileRegexMatch(pattern);
  return (request) => matches(request.path.slice(0, pathEnd(request.path)));
}

function compileHeaderValue(name: string): (request: RequestView) => string | undefined {
  switch (name) {
    case ':method':
      return (request) => request.method;
    case ':scheme':
      return (request) => request.scheme;
    case ':path':
      return (request) => request.path;
    case ':authority':
    case 'host':
      return (request) => request.authority;
    default:
      return (request) => joinedHeader(request, name);
  }
}

function joinedHeader(request: RequestView, name: string): string | undefined {
  let index = request.findHeader(name, 0);
  if (index < 0) return undefined;
  let joined = request.headerValue(index);
  for (index = request.findHeader(name, index + 1); index >= 0; index = request.findHeader(name, index + 1)) {
    joined += `,${request.headerValue(index)}`;
  }
  return joined;
}
