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
import type { AccessRecord } from '../telemetry/access-log.ts';
import { Exchange } from './exchange.ts';
import type { GatewayListener } from './gateway-listener.ts';
import { adoptSocket } from './read-buffer.ts';
import type { RequestPeer } from './request-preparation.ts';
import { normalizePeerIp } from './socket-address.ts';
import { TimerEntry } from './timer-wheel.ts';

/** A client's TCP connection: its requests are served one after the other by one Exchange. Chart: docs/lifecycle.md. */
export class DownstreamConnection extends TimerEntry implements RequestSink, RequestPeer, PeerConnection {
  readonly listener: GatewayListener;
  readonly remoteAddress: string;
  readonly peerIp: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly #socket: Socket;
  readonly #parser: RequestParser;
  readonly #exchange: Exchange;
  /** A request is being served; its response has not left yet. */
  #busy = false;
  /** The request being served has been read whole. */
  #requestEnded = true;
  /** The response is out while the rest of the request is still to be read and dropped. */
  #doneEarly = false;
  #halfClosed = false;
  #closing = false;
  #socketPaused = false;

  /** `accepted` must be paused since its creation. */
  constructor(accepted: Socket, listener: GatewayListener) {
    super();
    const socket = adoptSocket(accepted, (chunk) => this.#onData(chunk));
    this.#socket = socket;
    this.listener = listener;
    this.peerIp = normalizePeerIp(socket.remoteAddress ?? '');
    this.remotePort = socket.remotePort ?? 0;
    this.remoteAddress = formatAddress(this.peerIp, this.remotePort);
    this.localAddress = formatAddress(normalizePeerIp(socket.localAddress ?? ''), socket.localPort ?? 0);
    this.#parser = new RequestParser(listener.limits.http1, this);
    this.#exchange = new Exchange(this);
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#exchange.onClientDrain());
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
    listener.timers.arm(this, listener.limits.headTimeoutMillis);
  }

  get secure(): boolean {
    return this.listener.isSecure;
  }

  resolveForwarding(head: Head, out: ForwardedHeaders): void {
    this.listener.resolveForwarding(head, this, out);
  }

  /** Whether more may be written now; false: wait for `Exchange.onClientDrain`. */
  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** The upstream can't take more of the request body for now. */
  pauseRequest(): void {
    this.#parser.pause();
    this.#pauseSocket();
  }

  resumeRequest(): void {
    if (this.#parser.resume()) this.#resumeSocket();
    if (this.#busy) this.#exchange.onRequestFlush();
  }

  /**
   * The response has been written whole; the connection goes on with the next request or ends. With `keepAlive`, what is
   * left of the request is read and dropped first.
   */
  exchangeDone(keepAlive: boolean): void {
    if (keepAlive && !this.#requestEnded && !this.#closing) {
      this.#doneEarly = true;
      this.resumeRequest();
      return;
    }
    this.#doneEarly = false;
    this.#busy = false;
    if (this.#closing) return;
    if (!keepAlive) {
      this.#closeAfterWrite();
      return;
    }
    this.listener.timers.arm(this, this.listener.limits.keepAliveIdleMillis);
    if (this.#parser.next()) this.#resumeSocket();
    if (this.#busy) this.#exchange.onRequestFlush();
    else if (this.#halfClosed) this.#closeAfterWrite();
  }

  /** The response can't be finished: the client must not take what it has for complete. */
  abort(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  /** Closes when idle, otherwise after the response that is under way. */
  drain(): void {
    if (!this.#busy) this.#closeAfterWrite();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Takes the socket's bytes from the parser for good: what follows is a tunnel. Returns what was read ahead. */
  detach(): Buffer {
    this.listener.timers.cancel(this);
    return this.#parser.detach();
  }

  /** Head, keep-alive or body idle time is over. */
  override onTimer(): void {
    if (this.#closing) {
      this.#socket.destroy();
      return;
    }
    if (this.#busy) {
      this.#exchange.onClientTimeout();
      return;
    }
    // Nothing of a request has come: closing says all. Otherwise the client learns why.
    if (this.#parser.isIdle) this.#closeAfterWrite();
    else this.#reply(408, 'request head timeout', 'DPE');
  }

  onRequestHead(head: Head, meaning: RequestMeaning): void {
    this.listener.timers.cancel(this);
    this.#busy = true;
    this.#requestEnded = false;
    this.#exchange.begin(head, meaning);
  }

  onRequestBody(chunk: Buffer): void {
    if (!this.#doneEarly) this.#exchange.onRequestBody(chunk);
  }

  onRequestEnd(trailers: Head | null): void {
    this.#requestEnded = true;
    if (this.#doneEarly) this.exchangeDone(true);
    else this.#exchange.onRequestEnd(trailers);
  }

  onRequestError(error: Http1Error): void {
    this.#requestEnded = false;
    if (this.#doneEarly) this.#closeAfterWrite();
    else if (this.#busy) this.#exchange.onRequestError(error);
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
    const response = encodeLocalResponse(status, headers, body, false, false, 1);
    this.write(response);
    listener.logExchange(refusalRecord(this, status, flags, response.length));
    this.#closeAfterWrite();
  }

  #onData(chunk: Buffer): void {
    if (this.#closing) return;
    if (this.#exchange.isTunnel) {
      this.#exchange.onClientTunnel(chunk);
      return;
    }
    if (!this.#busy && this.#parser.isIdle) this.listener.timers.arm(this, this.listener.limits.headTimeoutMillis);
    // A client that sends ahead without end must not fill memory: its bytes wait in the kernel.
    if (!this.#parser.push(chunk)) this.#pauseSocket();
    if (this.#busy) this.#exchange.onRequestFlush();
  }

  #onEnd(): void {
    if (this.#exchange.isTunnel) {
      this.#exchange.onClientTunnelEnd();
      return;
    }
    this.#halfClosed = true;
    if (this.#closing) return;
    this.#parser.end();
    if (!this.#busy) this.#closeAfterWrite();
  }

  #onClose(): void {
    this.#closing = true;
    this.listener.timers.cancel(this);
    if (this.#busy || this.#exchange.isTunnel) this.#exchange.onClientGone();
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
   * Ends our side, then reads and drops for a moment: closing a socket with unread bytes makes the kernel send a reset,
   * which can destroy the response on its way to the client (RFC 9112 §9.6).
   */
  #closeAfterWrite(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.end();
    this.#resumeSocket();
    this.listener.timers.arm(this, this.listener.limits.lingerMillis);
  }
}

/** The log's record of bytes that never became a request. */
function refusalRecord(client: DownstreamConnection, status: number, flags: string, bytesSent: number): AccessRecord {
  return {
    startedAt: Date.now(),
    durationMillis: 0,
    requestId: '',
    listener: client.listener.name,
    method: '',
    authority: '',
    path: '',
    protocol: 'HTTP/1.1',
    status,
    responseFlags: flags,
    upstreamServiceMillis: -1,
    bytesReceived: 0,
    bytesSent,
    downstreamRemoteAddress: client.remoteAddress,
    upstreamPod: '',
    route: '',
    attempts: 0,
    userAgent: '',
    decision: null,
  };
}
