import type { HashPolicy } from './affinity.ts';
import type { SlowStart } from './cluster.ts';

/** `Secure` of a cookie: `scheme` follows the scheme the client used, by the connection or a trusted X-Forwarded-Proto. */
export type SecureRule = 'always' | 'never' | 'scheme';

/** A cookie of a SessionPolicy; RFC 6265bis gives the meaning of its attributes. */
export interface SessionCookie {
  readonly name: string;
  readonly path: string;
  /** Empty: no Domain attribute, so that the cookie goes back to this host alone. */
  readonly domain: string;
  /** null: the attribute is left out. */
  readonly sameSite: 'Strict' | 'Lax' | 'None' | null;
  readonly secure: SecureRule;
  readonly httpOnly: boolean;
  readonly partitioned: boolean;
  /** The cookie gets a Max-Age, so that it outlives the browser's session: what is left of the session's longest life. */
  readonly persistent: boolean;
}

/** Where the token of a strong session travels. */
export type StrongCarrier =
  | { readonly kind: 'cookie'; readonly cookie: SessionCookie }
  /** `name` is lower case; the same header on requests and responses. */
  | { readonly kind: 'header'; readonly name: string }
  /** The token stands in front of the value of the application's own cookie, which sees its own value alone. */
  | { readonly kind: 'appCookie'; readonly name: string }
  /** The same for an id that the application issues in a header (lower case), such as mcp-session-id. */
  | { readonly kind: 'envelope'; readonly header: string };

export type StrongToken =
  | {
      readonly kind: 'sealed';
      /** Key ring that seals and opens; empty: the one that the process was started with. */
      readonly keyRing: string;
      /** Ids of the ring's keys where it comes from the configuration, so that a rotation is a change of the model. */
      readonly keyIds: readonly string[];
      /** Envoy's readable address values are honoured once and exchanged: for a move from Envoy. */
      readonly acceptAddressTokens: boolean;
    }
  /** Envoy's base64 of `ip:port`: readable and forgeable by the client; knows no timeouts and no pod identity. */
  | { readonly kind: 'address' };

/** How a session that is new, or that lost its endpoint, finds one. */
export type NewSessions =
  | { readonly kind: 'leastSessions' }
  | { readonly kind: 'roundRobin' }
  | { readonly kind: 'rendezvous' }
  | { readonly kind: 'ringHash'; readonly minimumSize: number; readonly maximumSize: number }
  | { readonly kind: 'maglev'; readonly tableSize: number };

/** What becomes of a session whose endpoint is gone, unhealthy, or past its drain deadline. */
export type StrongOnLost =
  | { readonly kind: 'rehome' }
  | { readonly kind: 'fail'; readonly status: number; readonly retryAfterSeconds: number | null };

/** When sessions move off endpoints that have more than their share. */
export interface Rebalance {
  /** A session is at a safe point when it has had no request for so long, or the application released it. */
  readonly idleForMillis: number;
  /** Only off endpoints with more live sessions than this times the average. */
  readonly whenAbove: number;
  /** For one gateway with all its workers. */
  readonly maxPerMinute: number;
}

/** A SessionPolicy as it applies to one route. */
export interface StrongSession {
  /** `namespace/name` of the policy: its budget of moves is one for all its routes. */
  readonly policy: string;
  /**
   * Who may open whose tokens: one per target of the action, in their order, made of the policy's and the target's
   * identity and of nothing that changes while the service is the same. Targets with one scope share sessions.
   */
  readonly scopes: readonly string[];
  /** In order: of several tokens on a request the first that opens counts. Not empty. */
  readonly carriers: readonly StrongCarrier[];
  readonly token: StrongToken;
  /** What a token names an endpoint by: the pod's uid, or its name, which a StatefulSet's pod keeps when it is replaced. */
  readonly identity: 'uid' | 'name';
  /** null: a session does not end by being idle. */
  readonly idleTimeoutMillis: number | null;
  /** Since the session began; null: no such end. */
  readonly absoluteTimeoutMillis: number | null;
  /** Key of requests without a token; empty, or one that yields nothing: `newSessions` alone decides. */
  readonly fallback: readonly HashPolicy[];
  readonly newSessions: NewSessions;
  /** Live sessions at which an endpoint takes no new ones, unless every endpoint has as many; null: no limit. */
  readonly maxSessionsPerEndpoint: number | null;
  /** Share of new sessions that an endpoint gets while it is new; null: its full share at once. */
  readonly slowStart: SlowStart | null;
  readonly onLost: StrongOnLost;
  /** Request header that tells the application of a lost session and why (lower case); empty: none. */
  readonly lostHeader: string;
  /** How long a draining endpoint keeps its sessions; null: as long as it serves. */
  readonly drainDeadlineMillis: number | null;
  /** null: no session moves off an endpoint that serves. */
  readonly rebalance: Rebalance | null;
}

/**
 * Affinity by hash alone that moves as few keys as possible: rendezvous hashing over endpoint identities, and keys in
 * use stay where they are through a change of endpoints.
 */
export interface MinimalMoves {
  readonly identity: 'uid' | 'name';
  /** A key that was not used for so long may move. */
  readonly idleMillis: number;
}
