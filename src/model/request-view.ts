/**
 * What routing and affinity may ask of a request. Every string is a byte string (latin1): one character is one byte
 * on the wire, so that hashing needs no encoding. Header access is by index so that the hot path allocates nothing.
 */
export interface RequestView {
  readonly method: string;
  readonly scheme: string;
  /** The Host as it will be sent upstream, i.e. after a rewrite. */
  readonly authority: string;
  /** Path and query as they will be sent upstream, i.e. after a rewrite. */
  readonly path: string;
  /** Path and query as received. */
  readonly originalPath: string;
  /** Index of the next header named `name` (lower case) at or after `from`, or -1. Pseudo-headers are not here. */
  findHeader(name: string, from: number): number;
  headerValue(index: number): string;
  /** The trusted client address, no port, no brackets (envoy-affinity §11). */
  readonly clientIp: string;
  /** 0 where the address came from a header. */
  readonly clientPort: number;
  /** The two ends of the TCP connection as `ip:port`, IPv6 in brackets; from the PROXY line where one came. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** A hashable string that a filter left; undefined: none. */
  filterState(key: string): string | undefined;
}
