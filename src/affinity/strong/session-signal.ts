import type { HeaderLookup } from '../cookie.ts';

/** Response header by which an application says something about its session; it never reaches the client. */
export const SESSION_SIGNAL_HEADER = 'limpet-session';

/** `release`: the session may move. `end`: it is over. */
export type SessionSignal = 'none' | 'release' | 'end';

/** Of several words, on one line or more, the strongest counts; others mean nothing. */
export function readSignal(upstream: HeaderLookup): SessionSignal {
  let signal: SessionSignal = 'none';
  let index = upstream.findHeader(SESSION_SIGNAL_HEADER, 0);
  while (index >= 0) {
    const words = upstream
      .headerValue(index)
      .toLowerCase()
      .split(',')
      .map((word) => word.trim());
    if (words.includes('end')) return 'end';
    if (words.includes('release')) signal = 'release';
    index = upstream.findHeader(SESSION_SIGNAL_HEADER, index + 1);
  }
  return signal;
}
