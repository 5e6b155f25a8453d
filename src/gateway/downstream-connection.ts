import type { Socket } from 'node:net';
import type { PeerConnection } from '../affinity/client-address.ts';
import type { ForwardedHeaders } from '../affinity/forwarded-headers.ts';
import type { Head } from '../http1/head.ts';
import type { Http1Error } from '../http1/http1-error.ts';
import { encodeLocalResponse } from '../http1/local-response.ts';
import type { RequestMeaning } from '../http1/meaning.ts';
import { RequestParser } from '../http1/request-parser.ts';
import type { RequestSink } from '../http1/sinks.ts';
import { formatAddress } from '../model/address.ts';
import type { PathNormalization } from '../model/listener.ts';
import { Exchange } from './exchange.ts';
import type { GatewayListener } from './gateway-listener.ts';
import { ProxyHeaderReader } from './proxy-header.ts';
import { adoptSocket } from './read-buffer.ts';
import { refusalRecord } from './refusal-record.ts';
import type { RequestPeer } from './request-preparation.ts';
import { normalizePeerIp } from './socket-address.ts';
import { SocketWriter } from './socket-writer.ts';
import { type Stall, type StallOwner, StallWatch } from './stall-watch.ts';
import { probeWhenSilent } from './tcp-keep-alive.ts';
import { TimerEntry } from './timer-wheel.ts';
import { unsentBytes } from './unsent-bytes.ts';

const NO_BYTES: Buffer = Buffer.alloc(0);

/** After this time without a request a connection gives back what serving needs: two thirds of its memory. */
const RELEASE_MILLIS = 1_000;

/** How long an idle connection is kept when the gateway drains: a request may be on its way. */
const DRAIN_IDLE_MILLIS = 1_000;

/**
 * A client's TCP connection: its requests are served one after the other by one Exchange. What serving needs is made
 * with the first byte and given back when nothing has come for a while, so that idle connections cost little. Chart:
 * docs/lifecycle.md.
 */
export class DownstreamConnection extends TimerEntry implements RequestSink, RequestPeer, PeerConnection, StallOwner {
  readonly listener: GatewayListener;
  peerIp: string;
  remotePort: number;
  remoteAddress: string;
  localAddress: string;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  #proxyHeader: ProxyHeaderReader | null = null;
  #parser: RequestParser | null = null;
  #exchange: Exchange | null = null;
  /** Made when the exchange has to wait for somebody for the first time. */
  #watch: StallWatch | null = null;
  #requests = 0;
  /** A request is being served; its response has not left yet. */
  #busy = false;
  #requestStartedAt = 0;
  /** The request being served has been read whole. */
  #requestEnded = true;
  /** A part of a request's head is here; the timer runs since its first byte. */
  #inHead = false;
  /** The response is out while the rest of the request is still to be read and dropped. */
  #doneEarly = false;
  /** The next request waits until the client has taken the responses to those before. */
  #heldBack = false;
  #halfClosed = false;
  /** The idle time is only beginning: when the timer comes, the connection stays. */
  #releasesFirst = false;
  #closing = false;
  #socketPaused = false;

  /** `accepted` must be paused since its creation. */
  constructor(accepted: Socket, listener: GatewayListener) {
    super();
    const socket = adoptSocket(accepted, (chunk) => this.#onData(chunk));
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, () => this.#ensureWatch().awaitReader());
    this.listener = listener;
    this.peerIp = normalizePeerIp(socket.remoteAddress ?? '');
    this.remotePort = socket.remotePort ?? 0;
    this.remoteAddress = formatAddress(this.peerIp, this.remotePort);
    this.localAddress = formatAddress(normalizePeerIp(socket.localAddress ?? ''), socket.localPort ?? 0);
    if (listener.expectsProxyHeader) this.#proxyHeader = new ProxyHeaderReader();
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#onDrain());
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
    listener.timers.arm(this, listener.limits.headTimeoutMillis);
  }

  get secure(): boolean {
    return this.listener.isSecure;
  }

  get pendingBytes(): number {
    return this.#writer.waitingLength + unsentBytes(this.#socket);
  }

  /** Whether the connection may serve another request after the one that is being served. */
  get mayServeMore(): boolean {
    return this.#requests < this.listener.limits.maxRequestsPerConnection;
  }

  get pathNormalization(): PathNormalization {
    return this.listener.pathNormalization;
  }

  resolveForwarding(head: Head, out: ForwardedHeaders): void {
    this.listener.resolveForwarding(head, this, out);
  }

  /** Whether more may be written now; false: wait for `Exchange.onClientDrain`. A buffer may be reused after this returns. */
  write(data: string | Buffer): boolean {
    return this.#writer.write(data);
  }

  /** The upstream can't take more of the request body for now. */
  pauseRequest(): void {
    this.#parser?.pause();
    this.#watch?.holdBody();
    this.#pauseSocket();
  }

  resumeRequest(): void {
    if (this.#parser?.resume() === true) this.#resumeSocket();
    this.#afterRead();
  }

  /** The upstream has only now asked for the body (100). */
  restartBodyWatch(): void {
    this.#watch?.holdBody();
    this.#watchBody();
  }

  /** The exchange ends when no byte passes for so long; `touch` tells of bytes. */
  awaitTraffic(millis: number): void {
    this.#ensureWatch().awaitTraffic(millis);
  }

  touch(): void {
    this.#watch?.touch();
  }

  /**
   * The response has been written whole; the connection goes on with the next request or ends. With `keepAlive`, what is
   * left of the request is read and dropped first.
   */
  exchangeDone(keepAlive: boolean): void {
    if (keepAlive && !this.#requestEnded && !this.#closing) {
      this.#doneEarly = true;
      this.#watch?.endExchange();
      this.resumeRequest();
      return;
    }
    this.#doneEarly = false;
    this.#busy = false;
    if (this.#closing) return;
    this.#watch?.endExchange();
    if (!keepAlive) this.#closeAfterWrite();
    else if (this.#socket.writableNeedDrain) this.#heldBack = true;
    else this.#next();
  }

  /** The response can't be finished: the client must not take what it has for complete. `reset`: its end would say so. */
  abort(reset: boolean): void {
    this.#closing = true;
    if (reset) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Closes soon when idle, otherwise after the response that is under way. */
  drain(): void {
    const isIdle = !this.#busy && !this.#heldBack && !this.#inHead && !this.#closing;
    if (isIdle) this.listener.timers.arm(this, DRAIN_IDLE_MILLIS);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Takes the socket's bytes from the parser for good: what follows is a tunnel. Returns what was read ahead. */
  detach(): Buffer {
    this.listener.timers.cancel(this);
    const early = (this.#parser as RequestParser).detach();
    this.#resumeSocket();
    return early;
  }

  /** The upstream side of a tunnel has ended its stream; the client may go on with its own. */
  endOutput(): void {
    this.#writer.flush();
    this.#socket.end();
  }

  probeWhenSilent(): void {
    probeWhenSilent(this.#socket);
  }

  /** Head, keep-alive or lingering time is over. */
  override onTimer(): void {
    if (this.#closing || this.#proxyHeader !== null) this.#socket.destroy();
    else if (!this.#inHead && this.#releasesFirst && !this.listener.isDraining) this.#release();
    // Nothing of a request has come: closing says all. Otherwise the client learns why.
    else if (!this.#inHead) this.#closeAfterWrite();
    else {
      this.#parser?.readStartLine();
      this.#reply(408, 'request head timeout', 'SI');
    }
  }

  onStall(stall: Stall): void {
    if (this.#busy && !this.#doneEarly) this.#exchange?.onStall(stall);
    else if (stall === 'reader' || this.#closing) this.#socket.destroy();
    else this.#closeAfterWrite();
  }

  onRequestHead(head: Head, meaning: RequestMeaning): void {
    this.listener.timers.cancel(this);
    this.#inHead = false;
    this.#busy = true;
    this.#requestEnded = false;
    this.#requests++;
    if (this.listener.limits.requestTimeoutMillis > 0) this.#requestStartedAt = performance.now();
    this.#exchange ??= new Exchange(this);
    this.#exchange.begin(head, meaning);
  }

  onRequestBody(chunk: Buffer): void {
    this.#watch?.onBody(chunk.length);
    if (!this.#doneEarly) this.#exchange?.onRequestBody(chunk);
  }

  onRequestEnd(trailers: Head | null): void {
    this.#requestEnded = true;
    this.#watch?.holdBody();
    if (this.#doneEarly) this.exchangeDone(true);
    else this.#exchange?.onRequestEnd(trailers);
  }

  onRequestError(error: Http1Error): void {
    this.#watch?.holdBody();
    if (this.#doneEarly) this.#closeAfterWrite();
    else if (this.#busy) this.#exchange?.onRequestError(error);
    else this.#refuse(error);
  }

  #refuse(error: Http1Error): void {
    this.listener.countRefusedRequest(error.code);
    this.#reply(error.status, error.message, 'DPE');
  }

  /** A response to something that never became a request. */
  #reply(status: number, message: string, flags: string): void {
    const { listener } = this;
    const body = `${message}\n`;
    const headers = `content-type: text/plain\r\n${listener.localLines()}`;
    const head = this.#parser?.head ?? null;
    const isHead = head?.method === 'HEAD';
    const response = encodeLocalResponse(status, headers, body, isHead, false, 1);
    this.write(response);
    listener.logExchange(refusalRecord(listener.name, head, this.remoteAddress, status, flags, response.length));
    this.#closeAfterWrite();
  }

  #onData(chunk: Buffer): void {
    if (this.#closing) return;
    const bytes = this.#proxyHeader === null ? chunk : this.#takeProxyHeader(chunk, this.#proxyHeader);
    if (bytes.length === 0) return;
    if (this.#exchange?.isTunnel === true) {
      this.#exchange.onClientTunnel(bytes);
      return;
    }
    this.#parser ??= new RequestParser(this.listener.limits.http1, this);
    // A client that sends ahead without end must not fill memory: its bytes wait in the kernel.
    if (!this.#parser.push(bytes)) this.#pauseSocket();
    this.#afterRead();
  }

  /** Returns what follows the header; nothing as long as it is not whole. */
  #takeProxyHeader(chunk: Buffer, reader: ProxyHeaderReader): Buffer {
    const rest = chunk.subarray(reader.push(chunk));
    if (reader.state === 'refused') {
      this.listener.stats.refusedProxyHeaders++;
      this.#closing = true;
      this.#socket.resetAndDestroy();
      return NO_BYTES;
    }
    if (reader.state === 'reading') return NO_BYTES;
    this.#proxyHeader = null;
    if (reader.addresses !== null) {
      const { sourceIp, sourcePort, destinationIp, destinationPort } = reader.addresses;
      this.peerIp = normalizePeerIp(sourceIp);
      this.remotePort = sourcePort;
      this.remoteAddress = formatAddress(this.peerIp, sourcePort);
      this.localAddress = formatAddress(normalizePeerIp(destinationIp), destinationPort);
    }
    return rest;
  }

  /** What was pushed to the parser has been told: writes what came of it, and sees to the time for what is missing. */
  #afterRead(): void {
    if (this.#busy) {
      this.#exchange?.onRequestFlush();
      this.#watchBody();
    } else {
      this.#watchHead();
    }
  }

  /** From the first byte of a head on the time for all of it runs; more bytes do not extend it. */
  #watchHead(): void {
    if (this.#inHead || this.#closing || this.#heldBack || this.#parser === null || this.#parser.isIdle) return;
    this.#inHead = true;
    this.listener.timers.arm(this, this.listener.limits.headTimeoutMillis);
  }

  #watchBody(): void {
    if (this.#requestEnded || this.#socketPaused || this.#closing) return;
    const { requestTimeoutMillis, headTimeoutMillis } = this.listener.limits;
    let deadline = Number.POSITIVE_INFINITY;
    // Nobody needs what is left of a request that has its answer.
    if (this.#doneEarly) deadline = performance.now() + headTimeoutMillis;
    else if (requestTimeoutMillis > 0) deadline = this.#requestStartedAt + requestTimeoutMillis;
    this.#ensureWatch().awaitBody(deadline);
  }

  #ensureWatch(): StallWatch {
    this.#watch ??= new StallWatch(this.listener.limits, this.listener.timers, this);
    return this.#watch;
  }

  /** The connection stays for the rest of its idle time. */
  #release(): void {
    this.#releasesFirst = false;
    this.#parser = null;
    this.#exchange = null;
    this.#watch?.end();
    this.#watch = null;
    this.listener.timers.arm(this, this.listener.limits.keepAliveIdleMillis - RELEASE_MILLIS);
  }

  /** Goes on with the next request, or waits for it. */
  #next(): void {
    const { keepAliveIdleMillis } = this.listener.limits;
    this.#releasesFirst = keepAliveIdleMillis > RELEASE_MILLIS;
    this.listener.timers.arm(this, this.#releasesFirst ? RELEASE_MILLIS : keepAliveIdleMillis);
    if (this.#parser?.next() === true) this.#resumeSocket();
    if (!this.#busy && this.#halfClosed) this.#closeAfterWrite();
    else this.#afterRead();
  }

  #onDrain(): void {
    this.#watch?.onDrain();
    this.#exchange?.onClientDrain();
    if (!this.#heldBack) return;
    this.#heldBack = false;
    if (!this.#closing) this.#next();
  }

  #onEnd(): void {
    if (this.#exchange?.isTunnel === true) {
      this.#exchange.onClientTunnelEnd();
      return;
    }
    this.#halfClosed = true;
    if (this.#closing) return;
    this.#parser?.end();
    if (!this.#busy && !this.#heldBack) this.#closeAfterWrite();
  }

  #onClose(): void {
    this.#closing = true;
    this.listener.timers.cancel(this);
    this.#watch?.end();
    if (this.#busy) this.#exchange?.onClientGone();
    this.listener.onConnectionClosed(this);
  }

  #pauseSocket(): void {
    if (this.#socketPaused) return;
    this.#socketPaused = true;
    this.#socket.pause();
  }

  #resumeSocket(): void {
    if (!this.#socketPaused) return;
    this.#socketPaused = false;
    this.#socket.resume();
  }

  /**
   * Ends our side once everything is written, then reads and drops for a moment: closing a socket with unread bytes makes
   * the kernel send a reset, which can destroy the response on its way to the client (RFC 9112 §9.6).
   */
  #closeAfterWrite(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.listener.timers.cancel(this);
    this.#writer.flush();
    this.#socket.end(() => {
      if (!this.#socket.destroyed) this.listener.timers.arm(this, this.listener.limits.lingerMillis);
    });
    if (this.#socket.writableLength > 0) this.#ensureWatch().awaitReader();
    this.#resumeSocket();
  }
}
