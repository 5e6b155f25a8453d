import type { Origin } from './origin.ts';
import type { Route } from './route.ts';
import type { ServerTls } from './tls.ts';

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

/**
 * The form in which routes match the client's path, after MeshConfig's pathNormalization (decision 040): as it came; in
 * the normal form of RFC 3986 §6.2.2; with empty segments dropped too; with `%2F` and `%5C` taken for slashes before.
 */
export type PathNormalization = 'none' | 'base' | 'mergeSlashes' | 'decodeAndMergeSlashes';

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

/** Requests, matched against virtual hosts. */
export interface HttpProxy {
  readonly kind: 'http';
  readonly virtualHosts: readonly VirtualHost[];
}

/** Bytes, taken to one of the targets for as long as the connection lasts. */
export interface TcpProxy {
  readonly kind: 'tcp';
  readonly targets: readonly TcpTarget[];
  /** Connections of one source address go to one endpoint of a hashing cluster. */
  readonly hashSourceIp: boolean;
  /** Time in which no byte passes in either direction before the connection is ended; null: no limit. */
  readonly idleTimeoutMillis: number | null;
  /** null: no limit on the whole connection. */
  readonly maxDurationMillis: number | null;
}

export interface TcpTarget {
  readonly cluster: string;
  readonly weight: number;
}

/** What one kind of connection to a listener gets. */
export interface FilterChain {
  /** Unique among all listeners; the name of its route configuration where it has one. */
  readonly name: string;
  /** What the client's SNI may be, lower case: exact or `*.suffix`. Empty: any, and plain text. */
  readonly serverNames: readonly string[];
  /** TLS that ends here; null: plain text, or TLS that is passed on as it came. */
  readonly tls: ServerTls | null;
  readonly proxy: HttpProxy | TcpProxy;
  readonly origin: Origin;
}

export interface Listener {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly clientAddress: ClientAddressPolicy;
  /** Each connection begins with a PROXY protocol line (v1 or v2), which gives both ends of the client's connection. */
  readonly proxyProtocol: boolean;
  readonly pathNormalization: PathNormalization;
  /** Value of the response's `server` header; null passes the upstream's on. */
  readonly serverHeader: string | null;
  /** The one whose server names cover the client's SNI best: exact, longest suffix, any. */
  readonly chains: readonly FilterChain[];
  readonly origin: Origin;
}

/** The chain that plain-text requests take; null: the listener has none. */
export function plainHttpProxy(listener: Listener): HttpProxy | null {
  const chain = listener.chains.find(({ tls, proxy }) => tls === null && proxy.kind === 'http');
  return chain?.proxy.kind === 'http' ? chain.proxy : null;
}

/** Every virtual host of a listener, of all its chains. */
export function virtualHostsOf(listener: Listener): readonly VirtualHost[] {
  return listener.chains.flatMap(({ proxy }) => (proxy.kind === 'http' ? proxy.virtualHosts : []));
}
