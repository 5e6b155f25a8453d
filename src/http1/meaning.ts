/** How the end of a body is found. `close`: it ends with the connection (responses only). */
export type BodyFraming = 'none' | 'length' | 'chunked' | 'close';

/** What the head of a request says once the checks of RFC 9110 and 9112 are done. Reused for all requests of a connection. */
export class RequestMeaning {
  /** `host[:port]` as the client wrote it, from the target where that is in absolute-form; empty only for HTTP/1.0. */
  authority = '';
  /** Path and query, beginning with `/`; `*` for a server-wide OPTIONS; empty for CONNECT. */
  path = '';
  /** Scheme of an absolute-form target in lower case; empty for all other forms. */
  scheme: '' | 'http' | 'https' = '';
  body: 'none' | 'length' | 'chunked' = 'none';
  /** Bytes of the body where `body` is `length`; 0 otherwise. */
  contentLength = 0;
  /** Whether the client's connection may serve another request after this one. */
  keepAlive = true;
  /** The client waits for a 100 before it sends the body. */
  expectContinue = false;
  /**
   * The protocols that the client offers to switch to, as it wrote them; empty: none. An Upgrade is ignored, as RFC 9110
   * §7.8 allows, where Connection does not name it, in HTTP/1.0, and in a request with a body.
   */
  upgrade = '';
  /** The client said `TE: trailers`. */
  acceptsTrailers = false;
  isConnect = false;
  /** Index of the Host header, or -1. */
  hostIndex = -1;
  /** Names (lower case) of the fields that Connection says are for this hop only. */
  readonly connectionNames: string[] = [];

  reset(): void {
    this.authority = '';
    this.path = '';
    this.scheme = '';
    this.body = 'none';
    this.contentLength = 0;
    this.keepAlive = true;
    this.expectContinue = false;
    this.upgrade = '';
    this.acceptsTrailers = false;
    this.isConnect = false;
    this.hostIndex = -1;
    // Setting the length of an array is slow enough to be seen.
    if (this.connectionNames.length > 0) this.connectionNames.length = 0;
  }
}

/** What the head of a response says, given the request. Reused for all responses of a connection. */
export class ResponseMeaning {
  body: BodyFraming = 'none';
  /** Value of Content-Length, also where it only describes a body that is not sent (HEAD, 304); -1: there is none. */
  contentLength = -1;
  /** Whether the upstream connection may serve another request after this one. */
  keepAlive = true;
  /** 1xx but not 101: another response follows. */
  isInterim = false;
  /** 101, or 2xx to CONNECT: what follows on the connection is no HTTP; take it with `detach()`. */
  isTunnel = false;
  /** The protocol that a 101 switches to, as the upstream wrote it. */
  upgrade = '';
  readonly connectionNames: string[] = [];

  reset(): void {
    this.body = 'none';
    this.contentLength = -1;
    this.keepAlive = true;
    this.isInterim = false;
    this.isTunnel = false;
    this.upgrade = '';
    // Setting the length of an array is slow enough to be seen.
    if (this.connectionNames.length > 0) this.connectionNames.length = 0;
  }
}
