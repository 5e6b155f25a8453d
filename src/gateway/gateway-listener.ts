import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { PeerConnection } from '../affinity/client-address.ts';
import type { ForwardedHeaders } from '../affinity/forwarded-headers.ts';
import type { SelectionEnvironment } from '../affinity/selection.ts';
import type { Head } from '../http1/head.ts';
import type { Http1ErrorCode } from '../http1/http1-error.ts';
import { type PathNormalization, virtualHostsOf } from '../model/listener.ts';
import type { RouteMatcher } from '../routing/routing.ts';
import type { AccessLog, AccessRecord } from '../telemetry/access-log.ts';
import type { CompiledRoute } from './compiled-route.ts';
import { dateLine } from './date-header.ts';
import { DownstreamConnection } from './downstream-connection.ts';
import type { GatewayLimits } from './limits.ts';
import type { RuntimeListener } from './runtime.ts';
import type { OpenStreams } from './sessions/open-streams.ts';
import { type ListenSocket, listenOnPort } from './sockets/listen-socket.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** What all listeners of a gateway share. */
export interface ListenerServices {
  readonly limits: GatewayLimits;
  readonly timers: TimerWheel;
  readonly accessLog: AccessLog;
  readonly selectionEnvironment: SelectionEnvironment;
  readonly streams: OpenStreams;
}

/** Requests and connections of a listener, read at scrape. */
export interface ListenerStats {
  connections: number;
  activeConnections: number;
  requests: number;
  /** Connections beyond the limit, closed at once. */
  refusedConnections: number;
  /** Connections that began with no valid PROXY protocol header. */
  refusedProxyHeaders: number;
  /** By code of Http1Error. */
  readonly refused: Map<Http1ErrorCode, number>;
}

/** Connections that are taken on in one turn of the event loop: a burst of them must not delay the requests of others. */
const TAKEN_ON_PER_TURN = 4;

/** The sockets of one port, their connections, and the part of the runtime that serves them. */
export class GatewayListener {
  readonly limits: GatewayLimits;
  readonly timers: TimerWheel;
  readonly selectionEnvironment: SelectionEnvironment;
  readonly streams: OpenStreams;
  readonly isSecure = false;
  readonly stats: ListenerStats = {
    connections: 0,
    activeConnections: 0,
    requests: 0,
    refusedConnections: 0,
    refusedProxyHeaders: 0,
    refused: new Map(),
  };
  isDraining = false;
  readonly #accessLog: AccessLog;
  readonly #servers = new Map<ListenSocket | null, Server>();
  readonly #connections = new Set<DownstreamConnection>();
  /** Accepted and counted, and not read from yet. */
  readonly #arrivals: Socket[] = [];
  #takenOn = 0;
  #onLastClosed: () => void = () => {};
  #drained: Promise<void> | null = null;
  #runtime: RuntimeListener;
  #serverLine = '';

  constructor(runtime: RuntimeListener, services: ListenerServices) {
    this.limits = services.limits;
    this.timers = services.timers;
    this.selectionEnvironment = services.selectionEnvironment;
    this.streams = services.streams;
    this.#accessLog = services.accessLog;
    this.#runtime = runtime;
    this.serve(runtime);
  }

  get name(): string {
    return this.#runtime.listener.name;
  }

  get modelPort(): number {
    return this.#runtime.listener.port;
  }

  /** Connections begin with a PROXY protocol header. */
  get expectsProxyHeader(): boolean {
    return this.#runtime.listener.proxyProtocol;
  }

  get pathNormalization(): PathNormalization {
    return this.#runtime.listener.pathNormalization;
  }

  get virtualHostNames(): readonly string[] {
    return virtualHostsOf(this.#runtime.listener).map((host) => host.name);
  }

  /** Lines that the gateway adds to every relayed response. */
  get responseLines(): string {
    return this.#serverLine;
  }

  /** Serves another runtime from the next request on. */
  serve(runtime: RuntimeListener): void {
    this.#runtime = runtime;
    const { serverHeader } = runtime.listener;
    this.#serverLine = serverHeader === null ? '' : `server: ${serverHeader}\r\n`;
  }

  /** Resolves with the port when bound; rejects as node:net does (EADDRINUSE, EACCES...). */
  listen(host: string, port: number): Promise<number> {
    return listenOnPort(this.#createServer(null), host, port);
  }

  /** Accepts from these sockets and no others from now on; rejects as node:net does. */
  async listenOn(sockets: readonly ListenSocket[]): Promise<void> {
    for (const [socket, server] of this.#servers) {
      if (socket === null || sockets.includes(socket)) continue;
      server.close();
      this.#servers.delete(socket);
    }
    if (this.isDraining) return;
    const added = sockets.filter((socket) => !this.#servers.has(socket));
    await Promise.all(added.map((socket) => socket.listenOn(this.#createServer(socket))));
  }

  findVirtualHost(authority: string): RouteMatcher<CompiledRoute> | undefined {
    return this.#runtime.matcher.findVirtualHost(authority);
  }

  resolveForwarding(head: Head, peer: PeerConnection, out: ForwardedHeaders): void {
    this.stats.requests++;
    this.#runtime.clientAddress.resolve(head, peer, randomUUID, out);
  }

  dateLine(): string {
    return dateLine();
  }

  /** Lines of every response that the gateway makes itself. */
  localLines(): string {
    return `${dateLine()}${this.#serverLine}`;
  }

  logExchange(record: AccessRecord): void {
    this.#accessLog.write(record);
  }

  countRefusedRequest(code: Http1ErrorCode): void {
    this.stats.refused.set(code, (this.stats.refused.get(code) ?? 0) + 1);
  }

  onConnectionClosed(connection: DownstreamConnection): void {
    this.stats.activeConnections--;
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onLastClosed();
  }

  /** Stops accepting; connections end as soon as they are idle. Resolves when the last one is gone. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** Cuts every connection. */
  destroy(): void {
    this.#stopAccepting();
    this.#takeOnAll();
    for (const connection of this.#connections) connection.destroy();
  }

  async #drain(): Promise<void> {
    this.isDraining = true;
    this.#stopAccepting();
    this.#takeOnAll();
    // The server itself does not know when connections end: their sockets are not its own any more (read-buffer.ts).
    const gone = new Promise<void>((resolve) => {
      this.#onLastClosed = resolve;
    });
    for (const connection of this.#connections) connection.drain();
    if (this.#connections.size > 0) await gone;
  }

  #createServer(socket: ListenSocket | null): Server {
    // A client may end its side and still read the response (RFC 9112 §9.5 speaks of half-closed connections).
    const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
    const server = createServer(options, (accepted) => this.#accept(accepted));
    this.#servers.set(socket, server);
    return server;
  }

  #stopAccepting(): void {
    for (const server of this.#servers.values()) server.close();
    this.#servers.clear();
  }

  #accept(socket: Socket): void {
    if (this.stats.activeConnections >= this.limits.maxConnectionsPerListener) {
      // Refused at once, and with a reset: neither the backlog nor the table of closing connections fills up with it.
      this.stats.refusedConnections++;
      socket.resetAndDestroy();
      return;
    }
    this.stats.connections++;
    this.stats.activeConnections++;
    if (this.#takenOn === 0 && this.#arrivals.length === 0) setImmediate(this.#nextTurn);
    if (this.#takenOn < TAKEN_ON_PER_TURN && this.#arrivals.length === 0) this.#takeOn(socket);
    else this.#arrivals.push(socket);
  }

  readonly #nextTurn = (): void => {
    this.#takenOn = 0;
    for (const socket of this.#arrivals.splice(0, TAKEN_ON_PER_TURN)) this.#takeOn(socket);
    if (this.#takenOn > 0) setImmediate(this.#nextTurn);
  };

  #takeOnAll(): void {
    for (const socket of this.#arrivals.splice(0)) this.#takeOn(socket);
  }

  #takeOn(socket: Socket): void {
    this.#takenOn++;
    this.#connections.add(new DownstreamConnection(socket, this));
  }
}
