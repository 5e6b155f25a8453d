import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HttpProblem } from './http-problem.ts';

export interface GuardOptions {
  /** The server listens on a loopback address only. */
  readonly loopback: boolean;
  /** Bearer token for changes of state off loopback; null: they are refused there. */
  readonly token: string | null;
}

/**
 * Throws an HttpProblem for a request that must not be served. On loopback the user is trusted but the user's browser
 * is not: a page of the web may send requests here, under its own name (then Origin or Sec-Fetch-Site tell) or, by DNS
 * rebinding, under a name of its own that points to 127.0.0.1 (then Host tells).
 */
export function guardRequest(headers: IncomingHttpHeaders, changesState: boolean, options: GuardOptions): void {
  if (options.loopback && !isLoopbackName(hostName(headers.host ?? ''))) {
    throw new HttpProblem(403, 'the Host header must name localhost or a loopback address');
  }
  if (isCrossSite(headers)) throw new HttpProblem(403, 'requests from other web sites are refused');
  if (changesState && !options.loopback) requireToken(headers.authorization ?? '', options.token);
}

/** Whether a name or address, without brackets or port, means this machine only. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** `Host` or the authority of a URL, in lower case, without port and brackets. */
function hostName(authority: string): string {
  const name = authority.toLowerCase().replace(/:\d*$/, '');
  return name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
}

function isCrossSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = headers.origin;
  return origin !== undefined && origin.toLowerCase() !== `http://${(headers.host ?? '').toLowerCase()}`;
}

function requireToken(authorization: string, token: string | null): void {
  if (token === null) {
    throw new HttpProblem(403, 'changes need a token when the admin API is not on loopback: see --admin-token-file');
  }
  const [scheme = '', presented = ''] = authorization.split(' ');
  if (scheme.toLowerCase() === 'bearer' && isEqualSecret(presented, token)) return;
  throw new HttpProblem(401, 'a valid bearer token is needed', { 'www-authenticate': 'Bearer' });
}

/** The digests have one length, so the time taken tells nothing about the token, its length included. */
function isEqualSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
