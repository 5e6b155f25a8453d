import type { Host } from '../affinity/host.ts';
import { Selection } from '../affinity/selection.ts';
import type { PickCause } from '../affinity/strong/strong-selection.ts';
import { encodeLastChunk } from '../http1/encode-body.ts';
import { encodeRequestHead } from '../http1/encode-head.ts';
import type { Head } from '../http1/head.ts';
import type { Http1Error } from '../http1/http1-error.ts';
import { encodeLocalResponse } from '../http1/local-response.ts';
import type { RequestMeaning, ResponseMeaning } from '../http1/meaning.ts';
import { toHttpsLocation } from '../routing/redirect.ts';
import { ActiveFilters } from './active-filters.ts';
import { ClientResponse } from './client-response.ts';
import type {
  CompiledFilters,
  CompiledForward,
  CompiledRoute,
  CompiledTarget,
  RuntimeCluster,
} from './compiled-route.ts';
import { Deadline } from './deadline.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import { ExchangeBooks } from './exchange-books.ts';
import { OVERFLOW_REPLY, replyToFailure } from './failure-reply.ts';
import { RequestBody } from './request-body.ts';
import { encodeAttempt, RequestPreparation } from './request-preparation.ts';
import { isEventStream, mayDropRest, ResponsePreparation } from './response-preparation.ts';
import { RetryState, type RetryVerdict, withVerdict } from './retry-state.ts';
import type { OpenStream } from './sessions/open-streams.ts';
import type { Stall } from './stall-watch.ts';
import { Tunnel } from './tunnel.ts';
import type { UpstreamConnection, UpstreamFailure } from './upstream-connection.ts';
import type { UpstreamHost } from './upstream-host.ts';
import { UpstreamRequest, type UpstreamRequestOwner } from './upstream-request.ts';

/**
 * One request and its response, from the head's arrival to the log line. A connection has one, used again for each of
 * its requests, so that a request costs few objects. Chart of its states: docs/lifecycle.md.
 */
export class Exchange implements UpstreamRequestOwner {
  readonly #client: DownstreamConnection;
  readonly #preparation: RequestPreparation;
  readonly #body: RequestBody = new RequestBody();
  readonly #request: UpstreamRequest;
  readonly #response: ClientResponse;
  readonly #books: ExchangeBooks;
  readonly #outgoing: ResponsePreparation = new ResponsePreparation();
  readonly #requestDeadline: Deadline = new Deadline(() => this.#onRequestTimeout());

  #head: Head | null = null;
  #meaning: RequestMeaning | null = null;
  #requestEnded = false;
  /** The last chunk with the trailers, once the request has ended. */
  #lastChunk = '';

  #route: CompiledRoute | null = null;
  #forward: CompiledForward | null = null;
  #target: CompiledTarget | null = null;
  #selection: Selection<UpstreamHost> | null = null;
  #host: Host<UpstreamHost> | null = null;
  /** null: the route has no filters. */
  #filters: ActiveFilters | null = null;

  readonly #retries: RetryState = new RetryState();
  /** The client is held back until an attempt takes its body. */
  #paused = false;
  #retryTimer: NodeJS.Timeout | null = null;

  /** The final head has gone to the client: the response can't be replaced any more. */
  #committed = false;
  #keepAlive = true;
  #tunnel: Tunnel | null = null;
  /** null: the response is to end by itself. */
  #stream: OpenStream | null = null;
  #done = true;

  constructor(client: DownstreamConnection) {
    this.#client = client;
    this.#preparation = new RequestPreparation(client);
    this.#request = new UpstreamRequest(this, client.listener);
    this.#response = new ClientResponse(client);
    this.#books = new ExchangeBooks(client, this.#preparation);
  }

  get isTunnel(): boolean {
    return this.#tunnel !== null;
  }

  begin(head: Head, meaning: RequestMeaning): void {
    this.#reset(head, meaning);
    this.#preparation.begin(head, meaning);
    const { listener } = this.#client;
    const { context } = this.#preparation;
    const host = listener.findVirtualHost(context.authority);
    const route = host?.match(context);
    if (meaning.isConnect && route === undefined) {
      this.#reply(501, 'CONNECT is not served here\n', 'NR');
    } else if (host?.host.requireTls && !listener.isSecure) {
      this.#reply(301, '', '', `location: ${toHttpsLocation(context)}\r\n`);
    } else if (route === undefined) {
      this.#reply(404, '', 'NR');
    } else {
      this.#route = route;
      this.#act(route);
    }
  }

  onRequestBody(chunk: Buffer): void {
    this.#books.bytesReceived += chunk.length;
    if (this.#done) return;
    this.#body.push(chunk);
    if (!this.#request.body(chunk)) this.#client.pauseRequest();
    this.#filters?.body(chunk);
  }

  onRequestEnd(trailers: Head | null): void {
    this.#requestEnded = true;
    if (this.#done) return;
    this.#lastChunk = encodeLastChunk(trailers);
    // Envoy's clock starts when the request is whole: a slow upload is not the upstream's fault.
    this.#armRequest();
    if (this.#request.connection !== null) this.#request.end(this.#lastChunk);
    this.#filters?.end(this.#lastChunk);
  }

  /** All that one read from the client brought has been delivered. */
  onRequestFlush(): void {
    this.#client.touch();
    if (!this.#request.flush() && !this.#requestEnded) this.#client.pauseRequest();
  }

  /** What the client sent after the head is no valid body. */
  onRequestError(error: Http1Error): void {
    this.#client.listener.countRefusedRequest(error.code);
    this.#fail(error.status, `${error.message}\n`, 'DPE');
  }

  /** The client is too slow, or nothing has passed for too long. */
  onStall(stall: Stall): void {
    this.#keepAlive = false;
    if (stall === 'request' || !this.#requestEnded) this.#fail(408, 'request timeout\n', 'SI');
    else this.#fail(504, 'stream timeout\n', 'SI');
  }

  onClientGone(): void {
    if (this.#done) return;
    this.#request.drop();
    this.#books.addFlag('DC');
    this.#finish();
  }

  onClientDrain(): void {
    if (!this.#response.isBlocked) return;
    this.#response.isBlocked = false;
    this.#request.connection?.resume();
  }

  onClientTunnel(chunk: Buffer): void {
    this.#books.bytesReceived += chunk.length;
    this.#client.touch();
    this.#tunnel?.fromClient(chunk);
    if (this.#tunnel?.isClosing === true) this.#closeTunnel(true);
  }

  onClientTunnelEnd(): void {
    if (this.#tunnel?.endFromClient() === true) this.#endTunnel();
  }

  onTryTimeout(): void {
    this.#countTimeout();
    this.#request.drop();
    const verdict = this.#judge(this.#retries.rules?.isRetriableTimeout() === true);
    if (verdict === 'retry') this.#retry();
    else this.#fail(504, 'upstream request timeout\n', withVerdict('UT', verdict));
  }

  onUpstreamHead(head: Head, meaning: ResponseMeaning): void {
    if (meaning.isInterim) {
      this.#relayInterim(head, meaning);
      return;
    }
    this.#host?.state.outlier?.onStatus(head.status);
    const { rules } = this.#retries;
    if (rules !== null) {
      const verdict = this.#judge(rules.isRetriableResponse(head));
      if (verdict === 'retry') {
        this.#request.drop();
        this.#retry();
        return;
      }
      this.#books.flags = withVerdict(this.#books.flags, verdict);
    }
    this.#commit(head, meaning);
  }

  onUpstreamBody(chunk: Buffer): void {
    this.#response.body(chunk);
  }

  onUpstreamEnd(trailers: Head | null): void {
    this.#request.release();
    this.#response.end(trailers);
    this.#finish();
  }

  onUpstreamConnected(): void {
    this.#request.connected();
  }

  onUpstreamFlush(): void {
    this.#client.touch();
    this.#response.flush();
    if (this.#response.isBlocked) this.#request.connection?.pause();
  }

  onUpstreamDrain(): void {
    this.#client.resumeRequest();
  }

  onUpstreamFailure(failure: UpstreamFailure, detail: string): void {
    const host = this.#host as Host<UpstreamHost>;
    this.#request.release();
    this.#cluster.stats.countFailure(failure);
    // How a tunnel ends is the application's affair.
    if (this.#tunnel === null) host.state.countFailure(failure);
    if (this.#tunnel !== null) {
      this.#response.flush();
      this.#books.addFlag('UC');
      this.#finish();
    } else if (this.#committed) {
      this.#books.addFlag(failure === 'protocol' ? 'UPE' : 'UC');
      this.#abort();
    } else if (failure === 'stale' && this.#body.isReplayable && this.#retries.resend(this.#head?.method ?? '')) {
      this.#send(host);
    } else if (isUnreachable(failure) && this.#mayTryElsewhere()) {
      this.#retryAfter(0, 'unreachable');
    } else {
      const verdict = this.#judge(this.#retries.isRetriableFailure(failure));
      if (verdict === 'retry') this.#retry();
      else {
        const { status, body, flag } = replyToFailure(failure, detail, this.#retries.count > 0);
        this.#reply(status, body, withVerdict(flag, verdict));
      }
    }
  }

  onUpstreamTunnel(chunk: Buffer): void {
    this.#tunnel?.fromUpstream(chunk);
    if (this.#tunnel?.isClosing === true) this.#closeTunnel(true);
  }

  onUpstreamTunnelEnd(): void {
    this.#response.flush();
    if (this.#tunnel?.endFromUpstream() === true) this.#endTunnel();
  }

  /** From here on it goes on for as long as both sides like, or until a drain is over. */
  #beginStream(): void {
    const host = this.#host as Host<UpstreamHost>;
    this.#stream = {
      host: host.state,
      drainMillis: this.#forward?.plan.strong?.session.drainDeadlineMillis ?? null,
      session: this.#selection?.sessionAt(host) ?? null,
      onDrained: () => (this.#tunnel === null ? this.#fail(503, '', 'DT') : this.#closeTunnel(false)),
    };
    this.#client.listener.streams.open(this.#stream);
  }

  #closeTunnel(isRetry: boolean): void {
    if (this.#tunnel?.closeBothSides(isRetry) !== true) return;
    this.#books.addFlag('DT');
    this.#endTunnel();
  }

  /** Both sides have ended their streams; what is on its way still arrives. */
  #endTunnel(): void {
    const { connection } = this.#request;
    this.#request.release();
    connection?.letGo();
    this.#finish();
  }

  #reset(head: Head, meaning: RequestMeaning): void {
    this.#head = head;
    this.#meaning = meaning;
    this.#books.begin();
    this.#requestEnded = false;
    this.#committed = false;
    // What the client has sent behind a CONNECT is for the tunnel: without one, it must not be read as requests.
    this.#keepAlive = meaning.keepAlive && !meaning.isConnect && this.#client.mayServeMore;
    this.#paused = false;
    this.#done = false;
    this.#response.begin();
  }

  #act(route: CompiledRoute): void {
    const { action } = route;
    if (action.kind === 'respond') {
      this.#reply(action.status, action.body, '');
    } else if (action.kind === 'redirect') {
      this.#reply(action.status, '', '', `location: ${action.location(this.#preparation.context)}\r\n`);
    } else if (this.#preparation.isAtLastHop) {
      if (this.#head?.method === 'TRACE') this.#reply(501, 'TRACE is not served here\n', '');
      else this.#reply(200, '', '');
    } else {
      this.#forward = action;
      if (action.filters === null) this.#choose(action);
      else this.#filter(action, action.filters);
    }
  }

  #filter(forward: CompiledForward, compiled: CompiledFilters): void {
    const filters = new ActiveFilters(compiled, this.#client.listener);
    this.#filters = filters;
    const { delayMillis, reply } = filters.judge(this.#preparation.context);
    const goOn = (): void => {
      if (reply === null) this.#choose(forward);
      else this.#reply(reply.status, reply.body, reply.flag, reply.headers);
    };
    if (delayMillis === 0) {
      goOn();
      return;
    }
    this.#books.addFlag('DI');
    this.#client.pauseRequest();
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      goOn();
      this.#client.resumeRequest();
    }, delayMillis);
  }

  /** Step by step as architecture.md's decision order has it. */
  #choose(forward: CompiledForward): void {
    const { listener } = this.#client;
    const selection = new Selection<UpstreamHost>(
      forward.plan,
      this.#preparation.context,
      listener.selectionEnvironment,
    );
    this.#selection = selection;
    const chosen = selection.chooseTarget();
    const target = chosen === null ? undefined : forward.targets[chosen.index];
    if (target === undefined) {
      this.#replyNoHost(selection);
      return;
    }
    this.#target = target;
    const idleMillis = forward.action.idleTimeoutMillis ?? listener.limits.streamIdleMillis;
    if (idleMillis > 0) this.#client.awaitTraffic(idleMillis);
    this.#preparation.apply(forward, target, selection);
    this.#retries.begin(forward.retry, target.cluster?.breaker ?? null);
    const mayRepeat = (forward.retry?.retries ?? 0) > 0 || forward.plan.strong !== null;
    this.#body.begin(mayRepeat ? listener.limits.retryBufferBytes : 0);
    this.#tryNext('first');
  }

  #tryNext(cause: PickCause): void {
    const selection = this.#selection as Selection<UpstreamHost>;
    const host = selection.next(cause);
    if (host === null) {
      this.#replyNoHost(selection);
      return;
    }
    this.#host = host;
    this.#send(host);
  }

  #send({ state }: Host<UpstreamHost>): void {
    this.#request.open(this.#cluster, state, this.#retries.isResent, this.#retries.tryMillis);
  }

  #replyNoHost({ failStatus, retryAfterSeconds }: Selection<UpstreamHost>): void {
    const headers = retryAfterSeconds === null ? '' : `retry-after: ${retryAfterSeconds}\r\n`;
    this.#reply(failStatus, 'no healthy upstream\n', 'UH', headers);
  }

  /** The cluster of the host that was chosen. */
  get #cluster(): RuntimeCluster {
    return this.#target?.cluster as RuntimeCluster;
  }

  /** The body waits with the client, and so long that the route's time limit bounds the wait. */
  onWait(): boolean {
    if (!this.#requestEnded && this.#meaning?.body !== 'none') {
      this.#paused = true;
      this.#client.pauseRequest();
      this.#armRequest();
    }
    return true;
  }

  onOverflow(): void {
    const { status, body, flag } = OVERFLOW_REPLY;
    this.#reply(status, body, flag, 'x-envoy-overloaded: true\r\n');
  }

  /** Sends the request, as far as it is here, over `connection`; the rest follows as it comes. */
  onAdmitted(connection: UpstreamConnection): void {
    const head = this.#head as Head;
    const meaning = this.#meaning as RequestMeaning;
    this.#books.beginAttempt();
    connection.use(this, head.method, this.#preparation.edits.upgrade);
    const { edits } = this.#preparation;
    const lines = edits.append;
    // A client that has begun with its body waits for no 100 any more.
    edits.expectContinue = this.#books.bytesReceived === 0;
    edits.append += encodeAttempt(this.#forward as CompiledForward, this.#books, this.#selection?.lost ?? null);
    const text = encodeRequestHead(head, meaning, edits);
    this.#request.begin(connection, text, meaning.body === 'chunked');
    // A tunnel has one other end.
    if (this.#books.attempts === 1 && !meaning.isConnect) {
      this.#filters?.mirror(this.#preparation.context, text, meaning.body === 'chunked');
    }
    edits.append = lines;
    for (const piece of this.#body.pieces) this.#request.body(piece);
    if (this.#requestEnded) {
      this.#request.end(this.#lastChunk);
      // The first attempt had to wait, and the end of a request without a body came meanwhile.
      if (this.#books.attempts === 1) this.#filters?.end(this.#lastChunk);
    }
    if (connection.isConnected) this.#request.connected();
    if (!this.#paused) return;
    this.#paused = false;
    this.#client.resumeRequest();
  }

  #armRequest(): void {
    const timeoutMillis = this.#forward?.action.timeoutMillis ?? 0;
    if (timeoutMillis === 0) return;
    this.#books.beginWait();
    this.#client.listener.timers.arm(this.#requestDeadline, timeoutMillis);
  }

  /** `isWanted`: the policy's conditions name what happened to the attempt. */
  #judge(isWanted: boolean): RetryVerdict {
    if (!this.#body.isReplayable) this.#retries.giveUp();
    return this.#retries.judge(isWanted);
  }

  /** With a SessionPolicy: nothing has been sent, so that any request may go to the next host, whatever the retry policy. */
  #mayTryElsewhere(): boolean {
    return this.#body.isReplayable && this.#selection?.triesUnreachable === true;
  }

  #retry(): void {
    this.#retryAfter(this.#retries.backoffMillis(this.#client.listener.selectionEnvironment.random), 'failed');
  }

  #retryAfter(delayMillis: number, cause: PickCause): void {
    this.#cluster.stats.retries++;
    // Nobody takes the body until the next attempt: what comes waits with the client.
    if (!this.#requestEnded) {
      this.#paused = true;
      this.#client.pauseRequest();
    }
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      this.#tryNext(cause);
    }, delayMillis);
  }

  #relayInterim(head: Head, meaning: ResponseMeaning): void {
    if (head.status === 100 && this.#meaning?.expectContinue !== true) return;
    const { responseEdits } = this.#target as CompiledTarget;
    const text = this.#outgoing.interim(head, meaning, this.#head?.minor ?? 1, responseEdits);
    if (text === '') return;
    // The client has part of an answer now: what follows must come from the same pod, as in Envoy.
    this.#retries.giveUp();
    this.#response.head(text, false);
    if (head.status === 100) this.#client.restartBodyWatch();
  }

  /** Sends the final head: from here on the client has this response and no other. */
  #commit(head: Head, meaning: ResponseMeaning): void {
    const { listener } = this.#client;
    const target = this.#target as CompiledTarget;
    this.#committed = true;
    this.#books.answered(head.status);
    this.#body.release();
    this.#retries.release();
    this.#request.answered();
    const outgoing = this.#outgoing;
    outgoing.begin(meaning, this.#head?.minor ?? 1, this.#mayKeepAlive());
    this.#keepAlive = outgoing.keepAlive;
    const corsLines = this.#filters?.corsLines ?? '';
    const own = corsLines === '' ? target.responseEdits : target.corsResponseEdits;
    const lines = `${listener.responseLines}${corsLines}x-envoy-upstream-service-time: ${Math.round(this.#books.upstreamMillis)}\r\n`;
    const session = (this.#selection as Selection<UpstreamHost>).responseEdits(this.#host, own.over(head));
    this.#response.head(outgoing.final(head, meaning, own, lines, session), outgoing.isChunked);
    if (meaning.isTunnel) this.#openTunnel();
    else if (isEventStream(head)) this.#beginStream();
  }

  /** From here on both sides' bytes pass as they are, until either side ends. */
  #openTunnel(): void {
    const { connection } = this.#request;
    this.#tunnel = new Tunnel(this.#client, this.#response, connection as UpstreamConnection, this.#cluster.stats);
    this.#beginStream();
    this.#keepAlive = false;
    this.#cancelTimers();
    const early = this.#client.detach();
    if (early.length > 0) this.onClientTunnel(early);
  }

  /** Whether the client's connection can go on after the response. */
  #mayKeepAlive(): boolean {
    if (!this.#keepAlive || this.#client.listener.isDraining) return false;
    return this.#requestEnded || mayDropRest(this.#meaning as RequestMeaning);
  }

  #onRequestTimeout(): void {
    this.#countTimeout();
    this.#fail(504, 'upstream request timeout\n', 'UT');
  }

  #countTimeout(): void {
    if (this.#target?.cluster) this.#target.cluster.stats.timeouts++;
    const { connection } = this.#request;
    if (connection?.isConnected === true && !this.#committed) connection.upstream.outlier?.onTimeout();
  }

  /** Ends the exchange before its time: with a response of ours where the client can still take one. */
  #fail(status: number, body: string, flag: string): void {
    if (this.#done) return;
    this.#request.drop();
    if (this.#committed) {
      this.#books.addFlag(flag);
      this.#abort();
    } else {
      this.#reply(status, body, flag);
    }
  }

  #reply(status: number, body: string, flags: string, headers = ''): void {
    const { listener } = this.#client;
    this.#cancelTimers();
    if (flags !== '') this.#books.addFlag(flags);
    this.#committed = true;
    this.#books.status = status;
    this.#keepAlive = this.#mayKeepAlive() && !flags.includes('DPE');
    const own = this.#route?.responseEdits.lines ?? '';
    const lines = `${body === '' ? '' : 'content-type: text/plain\r\n'}${listener.localLines()}${headers}${own}`;
    const isHead = this.#head?.method === 'HEAD';
    const minor = this.#head?.minor ?? 1;
    this.#response.head(encodeLocalResponse(status, lines, body, isHead, this.#keepAlive, minor), false);
    this.#response.flush();
    this.#finish();
  }

  #abort(): void {
    // First, so that no request that waits behind this one is begun. A client whose response ends with the connection
    // would take a mere end for the response's.
    this.#client.abort(this.#outgoing.endsWithConnection);
    this.#finish();
  }

  #cancelTimers(): void {
    this.#client.listener.timers.cancel(this.#requestDeadline);
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
  }

  /** Writes the books and hands the connection on. */
  #finish(): void {
    this.#done = true;
    if (this.#stream !== null) this.#client.listener.streams.close(this.#stream);
    this.#stream = null;
    this.#tunnel?.close();
    this.#tunnel = null;
    if (!this.#requestEnded) this.#filters?.abandon();
    this.#cancelTimers();
    this.#retries.release();
    const stats = this.#target?.cluster?.stats;
    this.#books.close(this.#head, this.#route, this.#selection, this.#host, stats, this.#response.bytesSent);
    this.#forget();
    this.#client.exchangeDone(this.#keepAlive);
  }

  /** An idle connection must not keep a snapshot alive that serves no more. */
  #forget(): void {
    this.#route = null;
    this.#forward = null;
    this.#target = null;
    this.#selection = null;
    this.#host = null;
    this.#filters = null;
    this.#lastChunk = '';
  }
}

function isUnreachable(failure: UpstreamFailure): boolean {
  return failure === 'connect-refused' || failure === 'connect-timeout';
}
