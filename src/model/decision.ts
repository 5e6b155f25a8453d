/** What came of looking for a session token; `absent` covers every value of Envoy's form that does not decode to an address. */
export type TokenOutcome =
  | 'none'
  | 'absent'
  | 'expired'
  | 'used'
  | 'unknown-endpoint'
  | 'refused-endpoint'
  /** Of strong sessions: an address token was honoured and exchanged; the endpoint's time to drain is over. */
  | 'exchanged'
  | 'drained-endpoint'
  /** Sealed tokens that do not count. */
  | 'malformed'
  | 'retired-key'
  | 'other-scope'
  | 'forged'
  | 'idle-expired';

export type DecisionReason =
  | 'token'
  | 'hash'
  | 'hash-spilled'
  | 'balancer'
  | 'random'
  | 'retry'
  | 'least-sessions'
  | 'rehomed'
  | 'rebalanced'
  | 'session-lost'
  | 'no-target'
  | 'no-endpoint';

/**
 * Why a request went to its endpoint. The access log, the metrics, `explain` and the dashboard print this record and
 * nothing else, so they can't disagree. It never holds a key's or a token's value.
 */
export interface DecisionRecord {
  readonly mode: 'none' | 'hash' | 'session';
  /** Where the key came from, such as `cookie:sid`, `header:x-user`, `query:k`, `sourceIp`, several joined by `+`; empty: no key. */
  readonly keySource: string;
  /** The key is a cookie generated for this request. */
  readonly generated: boolean;
  readonly token: TokenOutcome;
  /** Endpoints that could have been chosen. */
  readonly candidates: number;
  /** Cluster and `ip:port`; empty: none was chosen. */
  readonly cluster: string;
  readonly chosen: string;
  readonly reason: DecisionReason;
}
