import type { EndpointName, TokenContent } from '../token/opened-token.ts';

/** Where sessions went that left a host which serves. The tokens that still name it are known by what was opened. */
export interface SessionMoves {
  note(token: TokenContent, to: EndpointName): void;
  /** null: the token's session did not move, or that is not known any more. */
  of(token: TokenContent): EndpointName | null;
}

/** For looking at what would be decided. */
export const NO_MOVES: SessionMoves = { note() {}, of: () => null };

/** The moves of a process. An entry lives as long as its token is among the opened ones, which are bounded. */
export function createSessionMoves(): SessionMoves {
  const destinations = new WeakMap<TokenContent, EndpointName>();
  return {
    note: (token, to) => void destinations.set(token, to),
    of: (token) => destinations.get(token) ?? null,
  };
}
