import type { HostState } from './host.ts';

/** A session's id: 64 bits as two unsigned halves. It is in the sealed token and stays for the session's life. */
export interface SessionId {
  readonly hi: number;
  readonly lo: number;
}

/** What happened to a session on one request. */
export interface SessionEvent<S extends HostState> extends SessionId {
  readonly host: S;
  /** How long the session counts as live without another request. */
  readonly windowSeconds: number;
  /** The id is made from a hash key (`minimalMoves`): every process of the gateway has to know where it is. */
  readonly isKey?: boolean;
}

/**
 * Counts live sessions and keeps the budget of moves; one per process. It owns `liveSessions` of the hosts. Selection
 * asks it for the budget, the places of keys and open streams, and nothing else: counts are read from the hosts.
 */
export interface SessionLedger<S extends HostState> {
  /** A request of the session was answered by the host. */
  seen(event: SessionEvent<S>): void;
  /** The session is over: the application or the client ended it. */
  ended(event: SessionEvent<S>): void;
  /** A stream of the session (WebSocket) is open: the session is live until `closed`, however long it is silent. */
  opened(event: SessionEvent<S>): void;
  closed(event: SessionEvent<S>): void;
  /** Takes one of the moves that a policy may make within a minute; false: there is none left. */
  takeMove(policy: string, maxPerMinute: number): boolean;
  /** Where a key (`isKey`) that is in use was last; null: it is not in use, or was forgotten. */
  placeOf(key: SessionId): S | null;
  /**
   * Seconds since a stream of the session was open in this gateway: 0 while one is, Infinity where none is known. What
   * happens in another process is known a second late.
   */
  secondsSinceStream(id: SessionId): number;
}

/** For explaining and for tests: nothing is counted, every move is allowed. */
export const NO_LEDGER: SessionLedger<HostState> = {
  seen() {},
  ended() {},
  opened() {},
  closed() {},
  takeMove: () => true,
  placeOf: () => null,
  secondsSinceStream: () => Number.POSITIVE_INFINITY,
};

/** The same knowledge, and nothing is counted: for looking at what would be decided. */
export function readOnly<S extends HostState>(ledger: SessionLedger<S>): SessionLedger<HostState> {
  return {
    ...NO_LEDGER,
    placeOf: (key) => ledger.placeOf(key),
    secondsSinceStream: (id) => ledger.secondsSinceStream(id),
  };
}
