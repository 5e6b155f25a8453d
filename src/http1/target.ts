import { equalsIgnoringCase } from './characters.ts';
import type { Head } from './head.ts';
import { isHost, isHostWithPort, isPercentEncoded } from './host.ts';
import type { Http1ErrorCode } from './http1-error.ts';
import type { RequestMeaning } from './meaning.ts';

const URI = 1;
const PERCENT = 2;
const NON_URI = 4;
const BACKSLASH = 8;

/**
 * Classes of the characters that a request target may have; 0: none. Beside those of RFC 3986 these are the ones that browsers
 * send as they are in a path or query (URL Standard, percent-encode sets) and that all servers read alike. Space, controls,
 * octets above 7E, `"`, `<`, `>` and the fragment's `#` are refused.
 */
export const TARGET: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (character === '%') return PERCENT;
  if (character === '\\') return BACKSLASH;
  if ('[]{}|^`'.includes(character)) return NON_URI;
  return /[A-Za-z0-9\-._~!$&'()*+,;=:@/?]/.test(character) ? URI : 0;
});

const SLASH = 0x2f;

/**
 * Takes the target of a request apart into the meaning's path, scheme and authority (RFC 9112 §3.2). `classes` are the bits of
 * TARGET over all its characters. Returns what is wrong, or null.
 */
export function parseTarget(head: Head, classes: number, meaning: RequestMeaning): Http1ErrorCode | null {
  const { target, method } = head;
  if ((classes & PERCENT) !== 0 && !hasValidPercentsInPath(target)) return 'bad-target';
  if ((classes & BACKSLASH) !== 0 && hasBackslashInPath(target)) return 'bad-target';
  if (method === 'CONNECT') {
    meaning.isConnect = true;
    meaning.authority = target;
    return isHostWithPort(target) ? null : 'bad-target';
  }
  if (target.charCodeAt(0) === SLASH) {
    meaning.path = target;
    return null;
  }
  if (target === '*') {
    meaning.path = target;
    return method === 'OPTIONS' ? null : 'bad-target';
  }
  return parseAbsoluteForm(target, method, meaning);
}

function parseAbsoluteForm(target: string, method: string, meaning: RequestMeaning): Http1ErrorCode | null {
  if (target.length > 7 && equalsIgnoringCase(target, 0, 'http://')) meaning.scheme = 'http';
  else if (target.length > 8 && equalsIgnoringCase(target, 0, 'https://')) meaning.scheme = 'https';
  else return 'bad-target';
  const start = meaning.scheme.length + 3;
  const length = target.slice(start).search(/[/?]/);
  const end = length === -1 ? target.length : start + length;
  meaning.authority = target.slice(start, end);
  if (!isHost(meaning.authority)) return 'bad-target';
  if (end === target.length) {
    // RFC 9112 §3.2.1 and §3.2.4: an empty path is sent as "/", for OPTIONS as "*".
    meaning.path = method === 'OPTIONS' ? '*' : '/';
  } else {
    meaning.path = target.charCodeAt(end) === SLASH ? target.slice(end) : `/${target.slice(end)}`;
  }
  return null;
}

/**
 * Each percent sign before the query begins an escape, and none of NUL: a server that decodes it may take the path to end
 * there, and Envoy refuses it too. In a query users do send plain ones (`?discount=50%`), Envoy passes them
 * on, and no server takes one for a delimiter (docs/decisions/020).
 */
function hasValidPercentsInPath(target: string): boolean {
  const query = target.indexOf('?');
  const end = query === -1 ? target.length : query;
  for (let at = target.indexOf('%'); at !== -1 && at < end; at = target.indexOf('%', at + 3)) {
    if (!isPercentEncoded(target, at) || target.startsWith('00', at + 1)) return false;
  }
  return true;
}

/** Some servers read a backslash in a path as a slash, so it would depend on the server which resource is meant. */
function hasBackslashInPath(target: string): boolean {
  const query = target.indexOf('?');
  const backslash = target.indexOf('\\');
  return query === -1 || backslash < query;
}
