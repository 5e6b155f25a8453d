import { ForwardedHeaders } from '../affinity/forwarded-headers.ts';
import type { Selection } from '../affinity/selection.ts';
import { RequestEdits } from '../http1/encode-head.ts';
import type { Head } from '../http1/head.ts';
import { isHostWithPort } from '../http1/host.ts';
import type { RequestMeaning } from '../http1/meaning.ts';
import { offers } from '../http1/upgrade.ts';
import type { PathNormalization } from '../model/listener.ts';
import { hasOtherSegments, normalizePath } from '../routing/normal-path.ts';
import { type CompiledForward, type CompiledTarget, expectedTimeoutLine } from './compiled-route.ts';
import { countDown, readMaxForwards } from './max-forwards.ts';
import { RequestContext } from './request-context.ts';
import type { UpstreamHost } from './upstream-host.ts';

/** The one protocol that requests may switch to; offers of others (h2c above all) are not passed on. */
const TUNNELLED = 'websocket';

/** The connection that a request came on, as far as preparing the request goes. */
export interface RequestPeer {
  /** The two ends as `ip:port`. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly remotePort: number;
  readonly pathNormalization: PathNormalization;
  /** Finds the trusted client and what the upstream is told about it, by the listener's policy. */
  resolveForwarding(head: Head, out: ForwardedHeaders): void;
}

/** A request's way from what the client sent to what the upstream is sent. One object serves all requests of a connection. */
export class RequestPreparation {
  readonly context: RequestContext;
  readonly edits: RequestEdits = new RequestEdits();
  readonly #forwarded: ForwardedHeaders = new ForwardedHeaders();
  readonly #peer: RequestPeer;
  /** Replaces the client's target; empty where its segments stay. */
  #resolvedTarget = '';
  /** Where CONNECT wants to go, `host:port`; empty for other methods. */
  #destination = '';
  /** Stands in for the Host of a request that names none, as HTTP/1.0 may; empty where the client names one. */
  #defaultAuthority = '';
  /** As of `readMaxForwards`. */
  #maxForwards = -1;

  constructor(peer: RequestPeer) {
    this.#peer = peer;
    this.context = new RequestContext(peer.remoteAddress, peer.localAddress);
  }

  /** Empty where the listener makes none and the client sent none. */
  get requestId(): string {
    return this.#forwarded.requestId ?? '';
  }

  /** The request must not go any further. */
  get isAtLastHop(): boolean {
    return this.#maxForwards === 0;
  }

  /** Takes up a request: who the client is, and what the route table shall match on. */
  begin(head: Head, meaning: RequestMeaning): void {
    const { context } = this;
    const forwarded = this.#forwarded;
    const form = this.#peer.pathNormalization;
    const normal = normalizePath(meaning.path, form);
    this.#resolvedTarget = normal !== meaning.path && hasOtherSegments(meaning.path, form) ? normal : '';
    // RFC 9112 §3.3 leaves the choice: where the client has connected to is what it can mean. Without any, there would be no URI.
    this.#defaultAuthority = meaning.authority === '' ? this.#peer.localAddress : '';
    context.begin(head, meaning.authority || this.#defaultAuthority, normal);
    // `OPTIONS *` asks about the server as a whole; to the route table that is the root (RFC 9112 §3.2.4). So is CONNECT,
    // which has no path.
    if (meaning.path === '*' || meaning.isConnect) context.path = '/';
    this.edits.upgrade = !meaning.isConnect && offers(meaning.upgrade, TUNNELLED) ? TUNNELLED : '';
    this.#destination = meaning.isConnect ? meaning.authority : '';
    this.#maxForwards = readMaxForwards(head);
    this.#peer.resolveForwarding(head, forwarded);
    context.clientIp = forwarded.clientIp;
    context.clientPort = forwarded.portKept ? this.#peer.remotePort : 0;
    context.scheme = forwarded.forwardedProto;
  }

  /** Lays the route's edits over the request, because affinity hashes what will be sent (envoy-affinity §7.4). */
  apply(forward: CompiledForward, target: CompiledTarget, selection: Selection<UpstreamHost>): void {
    const { context, edits } = this;
    const forwarded = this.#forwarded;
    const own = forwarded.internal ? target.internalRequestEdits : target.requestEdits;
    edits.remove = own.removed;
    edits.target = this.#resolvedTarget;
    edits.authority = target.hostRewrite || this.#defaultAuthority;
    edits.expectContinue = true;
    edits.trailers = true;
    let lines = own.lines + encodeForwarded(forwarded);
    context.edit(own.removedNames, own.added);
    if (forward.hashesForwarded) context.edit([], listForwarded(forwarded));
    if (forward.pathRewriter !== null && this.#destination === '') {
      context.path = forward.pathRewriter(context.path);
      edits.target = context.path;
      lines += `x-envoy-original-path: ${context.originalPath}\r\n`;
    }
    if (target.hostRewrite !== '') {
      lines += `x-envoy-original-host: ${context.authority}\r\n`;
      context.authority = target.hostRewrite;
      if (this.#destination !== '') this.#rewriteDestination(target.hostRewrite);
    }
    let replaced = selection.requestEdits;
    if (this.#maxForwards > 0) replaced = [...replaced, countDown(this.#maxForwards)];
    if (replaced.length > 0) {
      edits.remove = own.removedAlso(replaced);
      for (const { name, value } of replaced) {
        lines += `${name}: ${value}\r\n`;
        context.edit([name], [[name, value]]);
      }
    }
    edits.append = lines;
  }

  /** Target and Host of a CONNECT are one, and have a port (RFC 9112 §3.2.3): the client's where the rewrite has none. */
  #rewriteDestination(hostRewrite: string): void {
    const port = this.#destination.slice(this.#destination.lastIndexOf(':'));
    this.edits.target = isHostWithPort(hostRewrite) ? hostRewrite : hostRewrite + port;
    this.edits.authority = this.edits.target;
    this.context.authority = this.edits.target;
  }
}

/** Lines that differ from try to try; `lost` is why a session is not where it was. */
export function encodeAttempt(
  forward: CompiledForward,
  books: { readonly attempts: number; readonly waitedMillis: number },
  lost: string | null,
): string {
  const isFirst = books.attempts === 1;
  let lines = isFirst ? forward.expectedTimeoutLine : expectedTimeoutLine(forward.action, books.waitedMillis);
  if (forward.countsAttempts) lines += `x-envoy-attempt-count: ${books.attempts}\r\n`;
  if (lost !== null && forward.lostHeader !== '') lines += `${forward.lostHeader}: ${lost}\r\n`;
  return lines;
}

function encodeForwarded(forwarded: ForwardedHeaders): string {
  let lines = `x-forwarded-proto: ${forwarded.forwardedProto}\r\n`;
  if (forwarded.forwardedFor !== null) lines += `x-forwarded-for: ${forwarded.forwardedFor}\r\n`;
  if (forwarded.requestId !== null) lines += `x-request-id: ${forwarded.requestId}\r\n`;
  if (forwarded.externalAddress !== null) lines += `x-envoy-external-address: ${forwarded.externalAddress}\r\n`;
  return forwarded.internal ? `${lines}x-envoy-internal: true\r\n` : lines;
}

/** The same as pairs, for hash policies on these headers. */
function listForwarded(forwarded: ForwardedHeaders): (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [['x-forwarded-proto', forwarded.forwardedProto]];
  if (forwarded.forwardedFor !== null) pairs.push(['x-forwarded-for', forwarded.forwardedFor]);
  if (forwarded.requestId !== null) pairs.push(['x-request-id', forwarded.requestId]);
  if (forwarded.externalAddress !== null) pairs.push(['x-envoy-external-address', forwarded.externalAddress]);
  return pairs;
}
