import type { HeaderLookup } from '../cookie.ts';

/** Response header by which an application says something about its session; it never reaches the client. */
export const SESSION_SIGNAL_HEADER = 'limpet-session';

/** `release`: the session may move. `end`: it is over. */
export type SessionSignal = 'none' | 'release' | 'end';

/** Of several lines the strongest counts; other words mean nothing. */
export function readSignal(upstream: HeaderLookup): SessionSignal {
  let signal: SessionSignal = 'none';
  let index = upstream.findHeader(SESSION_SIGNAL_HEADER, 0);
  while (index >= 0) {
    const word = upstream.headerValue(index).toLowerCase();
    if (word === 'end') return 'end';
    if (word === 'release') signal = 'release';
    index = upstream.findHeader(SESSION_SIGNAL_HEADER, index + 1);
  }
  return signal;
}
