/** What one message may cost at most. Sizes are in bytes as they come on the wire. */
export interface Http1Limits {
  /** Start line and header section, the closing empty line included. */
  readonly maxHeadBytes: number;
  /** Method, target and version with their CRLF; beyond it a request is answered 414. */
  readonly maxRequestLineBytes: number;
  /** Lines of a header section, and of a trailer section. */
  readonly maxHeaderCount: number;
  /** Trailer section, the closing empty line included. */
  readonly maxTrailerBytes: number;
  /** By how much the chunk extensions of a body may outweigh its data (RFC 9112 §7.1.1). */
  readonly maxChunkExtensionBytes: number;
  readonly maxBodyBytes: number;
  /** Interim (1xx) responses before a final one. */
  readonly maxInterimResponses: number;
}

/** Head size and header count are Envoy's; the others are what peers accept at least. */
export const DEFAULT_HTTP1_LIMITS: Http1Limits = {
  maxHeadBytes: 60 * 1024,
  maxRequestLineBytes: 16 * 1024,
  maxHeaderCount: 100,
  maxTrailerBytes: 16 * 1024,
  maxChunkExtensionBytes: 4096,
  maxBodyBytes: Number.MAX_SAFE_INTEGER,
  maxInterimResponses: 64,
};
