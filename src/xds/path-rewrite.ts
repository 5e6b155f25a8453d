import type { PathMatch, PathRewrite } from '../model/route.ts';
import type { Message } from './proto-json.ts';

/** The fields of a route action (`prefixRewrite`, `regexRewrite`) that turn a matched path into another. */
export function emitPathRewrite(rewrite: PathRewrite, match: PathMatch): Message {
  switch (rewrite.kind) {
    case 'regex':
      return toRegex(rewrite.pattern, rewrite.substitution);
    case 'full':
      return toRegex('^/.*$', toSubstitution(rewrite.value));
    case 'prefix':
      return needsJoin(rewrite.value, match) ? joinSegments(rewrite.value, match) : { prefixRewrite: rewrite.value };
  }
}

/** As emitPathRewrite, for a redirect, which has a field of its own for a whole path. */
export function emitRedirectPath(rewrite: PathRewrite, match: PathMatch): Message {
  return rewrite.kind === 'full' ? { pathRedirect: rewrite.value } : emitPathRewrite(rewrite, match);
}

type SegmentPrefix = Extract<PathMatch, { readonly value: string }>;

/** Where Envoy, which replaces text, would leave two slashes or none between the new prefix and the rest. */
function needsJoin(value: string, match: PathMatch): match is SegmentPrefix {
  if (match.kind !== 'segmentPrefix') return false;
  return value.endsWith('/') || value === '' || match.value.endsWith('/');
}

/** Replaces whole segments: what follows them keeps its slash and gets no second one (Gateway API ReplacePrefixMatch). */
function joinSegments(value: string, { value: matched, ignoreCase }: SegmentPrefix): Message {
  const start = ignoreCase ? '(?i)^' : '^';
  const segments = start + escapeRegex(matched.replace(/\/+$/, ''));
  const prefix = value.replace(/\/$/, '');
  // An empty rest after a prefix of nothing still needs the slash that makes it a path.
  return prefix === '' ? toRegex(`${segments}/*`, '/') : toRegex(`${segments}(/|$)`, `${toSubstitution(prefix)}\\1`);
}

function toRegex(regex: string, substitution: string): Message {
  return { regexRewrite: { pattern: { regex }, substitution } };
}

function toSubstitution(text: string): string {
  return text.replaceAll('\\', '\\\\');
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
