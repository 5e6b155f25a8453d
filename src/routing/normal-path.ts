import type { PathNormalization } from '../model/listener.ts';
import { pathEnd } from './request-path.ts';

/** What only an abnormal target has, in its path or harmlessly in its query: dot segments, escapes, characters to escape. */
const MAY_BE_ABNORMAL = /\/\.|[%"<>^`{|}]/;
/** Escapes of characters that need none (RFC 3986 §2.3). */
const NEEDLESS_ESCAPE = /%(?:2[de]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;
const NOT_IN_A_PATH = /["<>^`{|}]/g;
/** Parameters of a segment (RFC 3986 §3.3) hide the dots from some servers and not from others. */
const PARAMETERS_OF_DOTS = /(?<=\/\.\.?);[^/]*/g;

/** A request target in the form in which routes match it, which is Envoy's. */
export function normalizePath(target: string, form: PathNormalization = 'base'): string {
  switch (form) {
    case 'none':
      return target;
    case 'base':
      return toNormalForm(target);
    case 'mergeSlashes':
      return mergeSlashes(toNormalForm(target));
    case 'decodeAndMergeSlashes':
      return mergeSlashes(toNormalForm(decodeSlashes(target)));
  }
}

/**
 * A request target with its path in the normal form of RFC 3986 §6.2.2, so that no other spelling of a path slips past
 * a route to a server that reads it as the same: needless escapes are undone, dot segments resolved, characters that
 * belong escaped are. Other escapes (`%2F` above all), empty segments and the query stay as they are. The result is
 * Envoy's with `normalize_path`, which Istio and Gloo switch on.
 */
function toNormalForm(target: string): string {
  if (!MAY_BE_ABNORMAL.test(target)) return target;
  const end = pathEnd(target);
  const path = target
    .slice(0, end)
    .replace(PARAMETERS_OF_DOTS, '')
    .replace(NEEDLESS_ESCAPE, (escaped) => String.fromCharCode(Number.parseInt(escaped.slice(1), 16)))
    .replace(NOT_IN_A_PATH, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return resolveDots(path) + target.slice(end);
}

/** Whether normalizePath has more to do than to spell the same segments otherwise. A query that looks like it counts too. */
export function hasOtherSegments(target: string, form: PathNormalization = 'base'): boolean {
  if (form === 'none') return false;
  return DOT_SEGMENT.test(target) || (form !== 'base' && MERGED_SEGMENT.test(target));
}

const MERGED_SEGMENT = /\/\/|%2f|%5c/i;

/** Empty segments are dropped; of a path with no other segment Envoy leaves two slashes. */
function mergeSlashes(target: string): string {
  const end = pathEnd(target);
  const path = target.slice(0, end);
  if (!path.includes('//')) return target;
  return (/^\/+$/.test(path) ? '//' : path.replace(/\/{2,}/g, '/')) + target.slice(end);
}

/** A backslash is a slash to Envoy and to many servers. */
function decodeSlashes(target: string): string {
  if (!target.includes('%')) return target;
  const end = pathEnd(target);
  return target.slice(0, end).replace(/%2f|%5c/gi, '/') + target.slice(end);
}

const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?;]|$)/i;

/** RFC 3986 §5.2.4 on a path that begins with a slash. */
function resolveDots(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') kept.pop();
    if (segment !== '..' && segment !== '.') kept.push(segment);
    else if (index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}
