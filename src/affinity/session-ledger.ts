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
  /** Its client has not returned a token yet: it counts for a short time, and is the first to be forgotten. */
  readonly isUnconfirmed?: boolean;
  /** The policy under which the session may move for the balance; without one it does not. */
  readonly policy?: string | undefined;
  /** The application has released it: it may move at any time. */
  readonly isReleased?: boolean;
  /** While it is used its last use is to be known to so many seconds; undefined: to an eighth of the window. */
  readonly refreshSeconds?: number;
}

/**
 * `counts`: whoever asks decides by the hosts' counts, and takes a move of those that the policy may make within a minute;
 * false: there is none left. `choice`: another process has chosen for all of the gateway (decision 081): where the session
 * goes with its next request at a safe point; null: it stays.
 */
export type MoveRule<S extends HostState> =
  | { readonly kind: 'counts'; readonly take: (policy: string, maxPerMinute: number) => boolean }
  | { readonly kind: 'choice'; readonly hostFor: (id: SessionId) => S | null };

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
  /** How it is decided which sessions move for the balance. */
  readonly movesBy: MoveRule<S>;
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
  movesBy: { kind: 'counts', take: () => true },
  placeOf: () => null,
  secondsSinceStream: () => Number.POSITIVE_INFINITY,
};

/** The same knowledge, and nothing is counted: for looking at what would be decided. */
export function readOnly<S extends HostState>(ledger: SessionLedger<S>): SessionLedger<HostState> {
  return {
    ...NO_LEDGER,
    movesBy: ledger.movesBy.kind === 'choice' ? ledger.movesBy : NO_LEDGER.movesBy,
    placeOf: (key) => ledger.placeOf(key),
    secondsSinceStream: (id) => ledger.secondsSinceStream(id),
  };
}
