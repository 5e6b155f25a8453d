import type { MinimalMoves, StrongSession } from './strong-session.ts';

/** A cookie that Limpet itself sets: `NAME="VALUE"; Max-Age; Path; attributes; HttpOnly` (Envoy's text form, envoy-affinity §10.5). */
export interface CookieSpec {
  readonly name: string;
  /** null: the cookie is passive, it is read and never generated. 0: a browser-session cookie. */
  readonly ttlMillis: number | null;
  /** Empty: no Path attribute. */
  readonly path: string;
  /** In order; an empty value prints as the bare name. */
  readonly attributes: readonly CookieAttribute[];
}

export interface CookieAttribute {
  readonly name: string;
  readonly value: string;
}

/** RE2 pattern and a substitution with `\0`..`\9`; matching is on bytes (envoy-affinity §7.6). */
export interface RegexRewrite {
  readonly pattern: string;
  readonly substitution: string;
}

/** One source of the request hash; evaluated in order and combined as envoy-affinity §7.1 says. */
export type HashPolicy = HashKey & {
  /** Stop after this policy when a hash is present. */
  readonly terminal: boolean;
};

export type HashKey =
  /** `name` is lower case; pseudo-headers `:path`, `:method`, `:authority` are allowed. */
  | { readonly kind: 'header'; readonly name: string; readonly rewrite: RegexRewrite | null }
  | { readonly kind: 'cookie'; readonly cookie: CookieSpec }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'sourceIp' }
  /** The client's network: its address without the bits behind these prefixes. */
  | { readonly kind: 'sourceNetwork'; readonly ipv4PrefixLength: number; readonly ipv6PrefixLength: number }
  /** A hashable string that a filter left on the request; only Envoy configuration has these. */
  | { readonly kind: 'filterState'; readonly key: string };

/** Where a session token travels between the client and the gateway. */
export type SessionCarrier =
  | { readonly kind: 'cookie'; readonly cookie: CookieSpec }
  | { readonly kind: 'header'; readonly name: string }
  /** The application's own session header; the token is wrapped around its value (Envoy's envelope session state). */
  | { readonly kind: 'envelope'; readonly header: string };

/** `address` is Envoy's base64 of `ip:port`: readable and forgeable by the client, kept for parity. */
export type SessionTokenFormat = { readonly kind: 'address' };

/** What happens when the token names an endpoint that may not serve. */
export type OnLost =
  | { readonly kind: 'rehome' }
  | {
      readonly kind: 'fail';
      /** The endpoint is not a member of the cluster any more. */
      readonly unknownStatus: number;
      /** The endpoint is a member whose health is not among the cluster's `sessionHealth`. */
      readonly refusedStatus: number;
    };

/** A session as Envoy's stateful session filter keeps it. */
export interface SessionPolicy {
  readonly carriers: readonly SessionCarrier[];
  readonly token: SessionTokenFormat;
  readonly onLost: OnLost;
}

/** How a route binds requests to endpoints. */
export type Affinity =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'hash';
      readonly policies: readonly HashPolicy[];
      /** Absent: the cluster's balancer picks, as in Envoy. */
      readonly minimalMoves?: MinimalMoves;
    }
  /** A valid token decides; `fallback` gives the hash of requests without one (may be empty). */
  | { readonly kind: 'session'; readonly session: SessionPolicy; readonly fallback: readonly HashPolicy[] }
  /** What a SessionPolicy asks for. */
  | { readonly kind: 'strongSession'; readonly session: StrongSession };

export const NO_AFFINITY: Affinity = { kind: 'none' };

/** The policies that a route itself asks for, whatever they are used for. */
export function hashPoliciesOf(affinity: Affinity): readonly HashPolicy[] {
  switch (affinity.kind) {
    case 'none':
      return [];
    case 'hash':
      return affinity.policies;
    case 'session':
      return affinity.fallback;
    case 'strongSession':
      return affinity.session.fallback;
  }
}
