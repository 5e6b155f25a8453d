import type { Origin } from './origin.ts';
import type { Route } from './route.ts';

export interface Cidr {
  readonly address: string;
  readonly prefixLength: number;
}

/** How the client's address is found when proxies stand in front (envoy-affinity §11). */
export type ClientAddressSource =
  /** Envoy's use_remote_address: the peer, or the nth X-Forwarded-For entry from the right. */
  | { readonly kind: 'remoteAddress'; readonly trustedHops: number; readonly appendForwardedFor: boolean }
  /** use_remote_address off: X-Forwarded-For is believed and passed on unchanged. */
  | { readonly kind: 'forwardedFor'; readonly trustedHops: number }
  | {
      readonly kind: 'detectForwardedFor';
      readonly trust: { readonly hops: number } | { readonly cidrs: readonly Cidr[] };
      readonly appendForwardedFor: boolean;
    }
  | { readonly kind: 'detectHeader'; readonly name: string };

export interface ClientAddressPolicy {
  readonly source: ClientAddressSource;
  readonly internalCidrs: readonly Cidr[];
  /** 'generate' replaces a client's id on edge requests and makes one where there is none; 'preserve' keeps it; 'off' does nothing. */
  readonly requestId: 'generate' | 'preserve' | 'off';
  readonly requestIdInResponse: boolean;
  /** Overrides the scheme reported to the upstream; null: the connection's. */
  readonly scheme: 'http' | 'https' | null;
}

export interface VirtualHost {
  readonly name: string;
  /** Lower case: exact, `*.suffix`, `*`; the port of the Host header plays no part. */
  readonly domains: readonly string[];
  /** Cleartext requests are answered 301 to https. */
  readonly requireTls: boolean;
  /** The upstream sees x-envoy-attempt-count. */
  readonly includeAttemptCount: boolean;
  readonly routes: readonly Route[];
  readonly origin: Origin;
}

export interface Listener {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly clientAddress: ClientAddressPolicy;
  /** Each connection begins with a PROXY protocol line (v1 or v2), which gives both ends of the client's connection. */
  readonly proxyProtocol: boolean;
  /** Value of the response's `server` header; null passes the upstream's on. */
  readonly serverHeader: string | null;
  readonly virtualHosts: readonly VirtualHost[];
  readonly origin: Origin;
}
