import type { HeaderLookup } from '../cookie.ts';

/** Directives that let a shared cache store what `private` forbids it (RFC 9111 §5.2.2). */
const FOR_SHARED_CACHES = /^(?:public$|s-maxage=|private=|proxy-revalidate$)/i;
/** With one of these no shared cache stores the response anyway. */
const NOT_SHARED = /^(?:private|no-store)$/i;

/**
 * Value of Cache-Control for a response that carries a client's token, so that no shared cache hands it to others; null:
 * what the upstream said is enough. Set-Cookie by itself does not keep a response out of caches (RFC 9111 §7.3).
 */
export function toPrivateCacheControl(upstream: HeaderLookup): string | null {
  const kept: string[] = ['private'];
  let index = upstream.findHeader('cache-control', 0);
  while (index >= 0) {
    for (const directive of splitDirectives(upstream.headerValue(index))) {
      if (NOT_SHARED.test(directive)) return null;
      if (!FOR_SHARED_CACHES.test(directive)) kept.push(directive);
    }
    index = upstream.findHeader('cache-control', index + 1);
  }
  return kept.join(', ');
}

/** Commas inside quotes belong to a directive's own list. */
function splitDirectives(value: string): string[] {
  const pieces = value.match(/(?:"(?:\\.|[^"\\])*"|[^,"]|")+/g) ?? [];
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== '');
}
