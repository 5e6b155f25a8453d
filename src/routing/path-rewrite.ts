import { toByteString } from '../model/byte-string.ts';
import { compileRegexReplace } from '../model/regex.ts';
import type { PathMatch, PathRewrite } from '../model/route.ts';
import { pathEnd } from './request-path.ts';

/** Path and query to path and query. */
export type PathRewriter = (target: string) => string;

/**
 * Compiles a rewrite for requests that matched `match`; the query stays as it is.
 * - `prefix` replaces what matched: the prefix, or the whole path for an exact or regex match (Envoy's prefix_rewrite).
 *   Behind a segment prefix, slashes are joined as the Gateway API says (ReplacePrefixMatch).
 * - `full` replaces the path; a value with a query of its own replaces the query too.
 * - `regex` replaces each match in the path.
 * A result without a leading slash gets one, since no request target may lack it.
 */
export function compilePathRewrite(rewrite: PathRewrite, match: PathMatch): PathRewriter {
  switch (rewrite.kind) {
    case 'prefix':
      return compilePrefixRewrite(toByteString(rewrite.value), match);
    case 'full':
      return compileFullRewrite(toByteString(rewrite.value));
    case 'regex': {
      const replace = compileRegexReplace(rewrite.pattern, rewrite.substitution);
      return (target) => {
        const end = pathEnd(target);
        return withSlash(replace(target.slice(0, end))) + target.slice(end);
      };
    }
  }
}

function compilePrefixRewrite(value: string, match: PathMatch): PathRewriter {
  switch (match.kind) {
    case 'prefix': {
      const { length } = toByteString(match.value);
      return (target) => withSlash(value + target.slice(length));
    }
    case 'segmentPrefix': {
      const { length } = toByteString(match.value).replace(/\/$/, '');
      return (target) => {
        const end = pathEnd(target);
        const rest = target.slice(length, end);
        return withSlash(rest === '' ? value : withoutTrailingSlash(value) + rest) + target.slice(end);
      };
    }
    default:
      return compileFullRewrite(value);
  }
}

function compileFullRewrite(value: string): PathRewriter {
  const path = withSlash(value);
  return path.includes('?') ? () => path : (target) => path + target.slice(pathEnd(target));
}

function withSlash(target: string): string {
  return target.startsWith('/') ? target : `/${target}`;
}

function withoutTrailingSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
