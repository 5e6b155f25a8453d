import type { DecisionReason, DecisionRecord, TokenOutcome } from '../../model/decision.ts';
import type { RequestView } from '../../model/request-view.ts';
import type { Rebalance } from '../../model/strong-session.ts';
import type { HeaderLookup } from '../cookie.ts';
import { drawTarget, type PlanTarget } from '../forward-plan.ts';
import type { KeyTrace } from '../hash-policies.ts';
import { Hash64 } from '../hash64.ts';
import type { HeaderEdit } from '../header-edit.ts';
import type { Host, HostState } from '../host.ts';
import type { SelectionEnvironment } from '../selection.ts';
import type { SessionEvent, SessionId } from '../session-ledger.ts';
import type { TokenContent } from '../token/opened-token.ts';
import { toPrivateCacheControl } from './cache-privacy.ts';
import { identityOf } from './endpoint-identity.ts';
import type { NewSessionTrace } from './new-session.ts';
import { isDraining, isServing } from './new-work.ts';
import { shouldMove, withoutRoom } from './rebalancer.ts';
import { readSignal } from './session-signal.ts';
import type { Carrier, TokenIssue, TokenReader } from './strong-carrier.ts';
import { type FoundHost, findNamedHost, type StrongPlan, type StrongTarget } from './strong-plan.ts';
import type { ReadToken } from './token-format.ts';

/** A session that has not come back yet counts as live for so long: many clients never return a token. */
const UNCONFIRMED_SECONDS = 60;
/** Browsers keep cookies no longer than 400 days (RFC 6265bis §5.5). */
const LONGEST_COOKIE_SECONDS = 34_560_000;
/** Other hosts that are tried after the session's own could not be reached twice. */
const MAX_OTHER_HOSTS = 3;

/** Tokens of one carrier that are tried: more are no honest client's, and each may cost a decryption. */
const MAX_TOKENS = 16;

const NO_EDITS: readonly HeaderEdit[] = [];

/** Key of the pick in hand; a pick never waits. */
const hash = new Hash64();

/** The parts of the decision record that this selection writes. */
export interface StrongRecord extends KeyTrace, NewSessionTrace {
  mode: DecisionRecord['mode'];
  token: TokenOutcome;
  reason: DecisionReason;
  failStatus: number;
}

/** Why a session is not where it was, as the application may be told. */
export type LostReason = 'gone' | 'unhealthy' | 'drained' | 'unreachable' | 'rebalanced';

/** What came before a pick: nothing, an attempt that could not connect, or one that was answered or broken off. */
export type PickCause = 'first' | 'unreachable' | 'failed';

/** How a request with a SessionPolicy finds its host: the part of a Selection that knows sealed sessions (decision 070). */
export class StrongSelection<S extends HostState> implements TokenReader, TokenIssue {
  /** null: the session is where it was, or is new. */
  lost: LostReason | null = null;
  readonly #plan: StrongPlan<S>;
  readonly #request: RequestView;
  readonly #environment: SelectionEnvironment;
  readonly #record: StrongRecord;
  readonly nowSeconds: number;

  #tried = 0;
  #triedOf: Carrier | null = null;
  #read: ReadToken | null = null;
  #readText = '';
  #readFrom: Carrier | null = null;
  #found: FoundHost<S> | null = null;
  #lostAs: 'gone' | 'unhealthy' | 'drained' | null = null;
  /** The session goes on: the token was good, whether its host still serves or not. */
  #content: TokenContent | null = null;
  #target: StrongTarget<S> | null = null;
  #sessionHost: Host<S> | null = null;
  /** The session has left it: not to be picked again. */
  #left: Host<S> | null = null;
  /** The session leaves a host that serves. */
  #isMoving = false;
  /** Where it went with another request that came with the same token. */
  #destination: Host<S> | null = null;

  /** What the pick goes by: the fallback key, or the session's id; null: chance. */
  #key: Hash64 | null = null;
  #last: Host<S> | null = null;
  #isSecondTry = false;
  readonly #unreachable: Host<S>[] = [];

  #answered: Host<S> | null = null;
  #id: SessionId | null = null;
  #released = false;
  #token: string | null = null;

  constructor(plan: StrongPlan<S>, request: RequestView, environment: SelectionEnvironment, record: StrongRecord) {
    this.#plan = plan;
    this.#request = request;
    this.#environment = environment;
    this.#record = record;
    this.nowSeconds = environment.nowSeconds();
  }

  /** The route's target; null: answer `failStatus`. */
  chooseTarget(): PlanTarget<S> | null {
    const record = this.#record;
    record.mode = 'session';
    record.token = 'absent';
    for (const carrier of this.#plan.carriers) if (carrier.read(this.#request, this)) break;
    if (this.#read !== null && !this.#findHost(this.#read)) return null;
    if (this.#target === null) this.#loadKey();
    this.#target ??= this.#drawTarget();
    return this.#target?.plan ?? null;
  }

  /** What the upstream must see instead of the client's headers. */
  requestEdits(): readonly HeaderEdit[] {
    let edits: HeaderEdit[] | null = null;
    for (const carrier of this.#plan.carriers) {
      const edit = carrier.unwrap(this.#request, this);
      if (edit === null) continue;
      edits ??= [];
      edits.push(edit);
    }
    return edits ?? NO_EDITS;
  }

  /** The host for the next attempt; null: no host may serve, answer `failStatus`. */
  next(cause: PickCause): Host<S> | null {
    const host = cause === 'first' ? this.#pickFirst() : this.#pickAgain(cause);
    this.#last = host;
    return host;
  }

  /** Whether `next` has something to say after an attempt that could not connect: another host, or that the session is lost. */
  get mayTryUnreachable(): boolean {
    return !this.#isSecondTry || this.#mustStay || this.#unreachable.length < MAX_OTHER_HOSTS;
  }

  get retryAfterSeconds(): number | null {
    const { onLost } = this.#plan.session;
    return onLost.kind === 'fail' ? onLost.retryAfterSeconds : null;
  }

  /**
   * What tells the client, or makes it forget; `upstream` is the upstream's head as the route's operations leave it. Counts
   * the session.
   */
  responseEdits(answered: Host<S>, upstream: HeaderLookup): readonly HeaderEdit[] {
    this.#answered = answered;
    const edits: HeaderEdit[] = [];
    const signal = readSignal(upstream);
    this.#released = signal === 'release' || (signal === 'none' && this.#isStillReleased(answered));
    let isEnded = signal === 'end';
    if (isEnded) {
      // The application's own value still passes through, without a token.
      for (const carrier of this.#plan.carriers) carrier.clear(this.isSecure, edits);
    } else {
      for (const carrier of this.#plan.carriers) if (carrier.write(this, upstream, edits)) isEnded = true;
      if (isEnded) {
        edits.length = 0;
        for (const carrier of this.#plan.carriers) carrier.clear(this.isSecure, edits);
      }
    }
    this.#count(answered, isEnded);
    if (edits.length > 0) this.#keepOutOfCaches(upstream, edits);
    return edits;
  }

  /** For streams, which count for as long as they are open. A client that has no token yet is known by its key. */
  sessionAt({ state }: Host<S>): SessionEvent<S> {
    const key = this.#key;
    const isKnown = this.#content !== null || key === null;
    const id = isKnown ? this.#sessionId() : { hi: key.hi >>> 0, lo: key.lo >>> 0 };
    return { ...id, host: state, windowSeconds: this.#plan.windowSeconds, ...(isKnown ? this.#movable : {}) };
  }

  // What carriers ask when they read.

  tryToken(text: string, carrier: Carrier): boolean {
    // Whoever can plant cookies must not hide what comes in a header.
    if (this.#triedOf !== carrier) this.#tried = 0;
    this.#triedOf = carrier;
    if (this.#tried++ >= MAX_TOKENS) return false;
    const read = this.#plan.format.read(text);
    if (typeof read === 'string') {
      if (this.#record.token === 'absent') this.#record.token = read;
      return false;
    }
    const ended = this.#judgeTimes(read, carrier);
    if (ended !== null) {
      if (this.#record.token === 'absent') this.#record.token = ended;
      return false;
    }
    const found = findNamedHost(this.#plan, read.tokens, read.content.endpoint);
    const lost = found === null ? 'gone' : this.#whyLost(found.target, found.host);
    if (this.#read !== null && !this.#outranks(read, lost, this.#read)) return false;
    this.#read = read;
    this.#readText = text;
    this.#readFrom = carrier;
    this.#found = found;
    this.#lostAs = lost;
    return lost === null && !this.#isExchange(read);
  }

  /**
   * Of several good tokens one whose host serves; else the first of them is the session that is lost. An address counts
   * where nothing else does: beside a sealed token it is what that was exchanged for, and may have moved since.
   */
  #outranks(read: ReadToken, lost: string | null, before: ReadToken): boolean {
    if (this.#isExchange(read) !== this.#isExchange(before)) return this.#isExchange(before);
    return lost === null && this.#lostAs !== null;
  }

  looksLikeToken(text: string): boolean {
    return this.#plan.format.looksLikeToken(text);
  }

  // What carriers ask when they write.

  get isDue(): boolean {
    const content = this.#content;
    const read = this.#read;
    const answered = this.#answered;
    if (content === null || read === null || answered === null) return true;
    if (this.#isElsewhere(answered) || this.#released !== content.released) return true;
    if (this.#plan.format.isOutdated(this.#readText, read, this.nowSeconds)) return true;
    const { refreshSeconds } = this.#plan;
    return refreshSeconds > 0 && this.nowSeconds - content.lastUsedSeconds >= refreshSeconds;
  }

  get isSecure(): boolean {
    return this.#request.scheme === 'https';
  }

  get maxAgeSeconds(): number {
    const expires = this.#expiresSeconds();
    if (expires > 0) return Math.min(LONGEST_COOKIE_SECONDS, Math.max(0, expires - this.nowSeconds));
    return this.#plan.idleSeconds || LONGEST_COOKIE_SECONDS;
  }

  token(): string | null {
    const answered = this.#answered;
    const target = this.#target;
    if (answered === null || target === null) return null;
    this.#token ??= this.#plan.format.write(
      {
        id: this.#sessionId(),
        endpoint: this.#nameOf(answered),
        issuedSeconds: this.#content?.issuedSeconds || this.nowSeconds,
        lastUsedSeconds: this.nowSeconds,
        expiresSeconds: this.#expiresSeconds(),
        released: this.#released,
      },
      target.tokens,
      this.nowSeconds,
    );
    return this.#token;
  }

  /** Responses to other methods are stored by no cache in practice (RFC 9111 §3). */
  #keepOutOfCaches(upstream: HeaderLookup, edits: HeaderEdit[]): void {
    const { method } = this.#request;
    const value = method === 'GET' || method === 'HEAD' ? toPrivateCacheControl(upstream) : null;
    if (value !== null) edits.push({ op: 'set', name: 'cache-control', value });
  }

  /** null: the session goes on. */
  #judgeTimes(read: ReadToken, carrier: Carrier): 'expired' | 'idle-expired' | null {
    const { absoluteSeconds, idleSeconds, refreshSeconds } = this.#plan;
    const { expiresSeconds, issuedSeconds, lastUsedSeconds } = read.content;
    const now = this.nowSeconds;
    if (expiresSeconds !== 0 && now >= expiresSeconds) return 'expired';
    if (issuedSeconds === 0) return null;
    if (absoluteSeconds > 0 && now >= issuedSeconds + absoluteSeconds) return 'expired';
    const isIdle = idleSeconds > 0 && now >= lastUsedSeconds + idleSeconds + refreshSeconds;
    return isIdle && carrier.refreshes && this.#secondsSinceStream(read) >= idleSeconds ? 'idle-expired' : null;
  }

  /** A silent stream does not make the token younger. One that began without a token is known by its key. */
  #secondsSinceStream({ content, tokens }: ReadToken): number {
    const { ledger } = this.#environment;
    const own = ledger.secondsSinceStream(content.id);
    if (own === 0 || !this.#plan.fallback.evaluate(this.#request, null, hash)) return own;
    const key = { hi: hash.hi >>> 0, lo: hash.lo >>> 0 };
    const sinceKey = ledger.secondsSinceStream(key);
    if (sinceKey >= own) return own;
    return ledger.placeOf(key) === findNamedHost(this.#plan, tokens, content.endpoint)?.host.state ? sinceKey : own;
  }

  /** False if the session is lost and must not move. */
  #findHost(read: ReadToken): boolean {
    const { session } = this.#plan;
    this.#content = read.tokens === null ? { ...read.content, id: this.#idOfAddress(read.content) } : read.content;
    const found = this.#found;
    const lost = this.#lostAs;
    if (found !== null && lost === null) {
      this.#target = found.target;
      this.#record.token = this.#isExchange(read) ? 'exchanged' : 'used';
      this.#destination = this.#destinationOf(found.target, read);
      if (this.#destination !== null || this.#shouldLeave(found, read)) this.#leave(found.host);
      else this.#sessionHost = found.host;
      return true;
    }
    this.#record.token =
      lost === 'gone' ? 'unknown-endpoint' : lost === 'drained' ? 'drained-endpoint' : 'refused-endpoint';
    if (session.onLost.kind === 'fail' && lost !== 'drained') {
      this.#record.failStatus = session.onLost.status;
      this.#record.reason = 'session-lost';
      return false;
    }
    this.lost = lost;
    this.#left = found?.host ?? null;
    this.#target = this.#targetForLost(read);
    return true;
  }

  /** An address in a policy of sealed tokens. */
  #isExchange(read: ReadToken | null): boolean {
    return read?.tokens === null && this.#plan.session.token.kind === 'sealed';
  }

  /**
   * An address is the same for all sessions of a pod. One that is exchanged gets an id of its own; where the policy has
   * addresses alone, a client is known by its fallback key.
   */
  #idOfAddress({ id }: TokenContent): SessionId {
    if (this.#isExchange(this.#read)) return this.#sessionId();
    return this.#plan.fallback.evaluate(this.#request, null, hash) ? { hi: hash.hi >>> 0, lo: hash.lo >>> 0 } : id;
  }

  #destinationOf(target: StrongTarget<S>, { content }: ReadToken): Host<S> | null {
    const name = this.#environment.moves.of(content);
    const host = name === null ? undefined : target.plan.balancer?.identities.find(name);
    return host === undefined || this.#whyLost(target, host) !== null ? null : host;
  }

  #whyLost({ chooser }: StrongTarget<S>, host: Host<S>): 'unhealthy' | 'drained' | null {
    // Where no pod seems to serve, those that do not take new sessions, and its own is as good for this one as any other.
    if (!isServing(host)) return chooser?.candidates.includes(host) === true ? null : 'unhealthy';
    if (!isDraining(host) || !this.#isDrainOver(host)) return null;
    // Where every endpoint drains, they serve.
    return chooser?.candidates.some((candidate) => !isDraining(candidate)) === true ? 'drained' : null;
  }

  #isDrainOver({ state: { drain } }: Host<S>): boolean {
    const { drainDeadlineMillis } = this.#plan.session;
    if (drain === null) return false;
    if (drain.deadlineSeconds !== null) return this.nowSeconds >= drain.deadlineSeconds;
    return drainDeadlineMillis !== null && this.nowSeconds >= drain.startedSeconds + drainDeadlineMillis / 1000;
  }

  /** Only at a safe point, and only where that spreads the load or empties a draining host. */
  #shouldLeave({ target, host }: FoundHost<S>, read: ReadToken): boolean {
    const { content } = read;
    const { session, refreshSeconds } = this.#plan;
    const { rebalance } = session;
    const candidates = target.chooser?.candidates ?? [];
    if (isDraining(host)) return content.released && candidates.some((candidate) => !isDraining(candidate));
    if (rebalance === null || content.issuedSeconds === 0) return false;
    const idleSeconds = this.nowSeconds - content.lastUsedSeconds - refreshSeconds;
    if (!this.#isSafe(rebalance, content, idleSeconds)) return false;
    const { movesBy } = this.#environment.ledger;
    const chosen = movesBy.kind === 'choice' ? movesBy.hostFor(content.id) : null;
    if (movesBy.kind === 'counts') {
      if (!shouldMove(rebalance, host, candidates)) return false;
    } else if (chosen === null || chosen === host.state) return false;
    const sinceStream = this.#secondsSinceStream(read);
    if (sinceStream === 0 || !this.#isSafe(rebalance, content, sinceStream)) return false;
    if (movesBy.kind === 'counts') return movesBy.take(session.policy, rebalance.maxPerMinute);
    this.#destination = candidates.find(({ state }) => state === chosen) ?? null;
    return this.#destination !== null;
  }

  #isSafe({ idleForMillis }: Rebalance, { released }: TokenContent, idleSeconds: number): boolean {
    return released || (this.#readFrom?.refreshes === true && idleSeconds * 1000 >= idleForMillis);
  }

  #leave(host: Host<S>): void {
    this.lost = isDraining(host) ? 'drained' : 'rebalanced';
    this.#left = host;
    this.#isMoving = true;
  }

  /** A lost session stays on its side of a split, unless that side takes no new sessions. */
  #targetForLost({ tokens, content }: ReadToken): StrongTarget<S> | null {
    const { targets } = this.#plan;
    const own = targets.filter(({ plan, tokens: other }) => other === tokens && plan.target.weight > 0);
    const total = own.reduce((sum, { plan }) => sum + plan.target.weight, 0);
    if (total === 0) return null;
    let rest = hash.set(content.id.hi, content.id.lo).remainder(total);
    for (const target of own) {
      rest -= target.plan.target.weight;
      if (rest < 0) return target;
    }
    return null;
  }

  #drawTarget(): StrongTarget<S> | null {
    const { targets, draw } = this.#plan;
    const drawn = drawTarget(draw, this.#key, this.#environment.random);
    return drawn === null ? null : (targets[drawn.index] ?? null);
  }

  /**
   * A session that goes on is its own key, so that every gateway re-homes it to one host. An address is no key: all
   * sessions of a host that is gone would go to one.
   */
  #loadKey(): void {
    if (this.#key !== null) return;
    const content = this.#content;
    if (content !== null && this.#read?.tokens !== null) this.#key = new Hash64().set(content.id.hi, content.id.lo);
    else if (this.#plan.fallback.evaluate(this.#request, this.#record, hash)) this.#key = new Hash64().copy(hash);
  }

  /** A session that moves for the balance goes where there is room. */
  #excludedFor(left: Host<S>): readonly Host<S>[] {
    return this.lost === 'rebalanced' ? withoutRoom(left, this.#target?.chooser?.candidates ?? []) : [left];
  }

  #pickFirst(): Host<S> | null {
    const record = this.#record;
    const host = this.#sessionHost;
    if (host !== null) {
      record.candidates = 1;
      record.reason = 'token';
      return host;
    }
    this.#loadKey();
    const picked = this.#destination ?? this.#pickOther(this.#left) ?? this.#pick([]);
    record.reason = this.#reasonOf();
    if (picked === null) return null;
    if (this.#content === null) this.#countNew(picked);
    this.#noteMove(picked);
    return picked;
  }

  #pickOther(left: Host<S> | null): Host<S> | null {
    return left === null ? null : this.#pick(this.#excludedFor(left));
  }

  /** At once, because a client's parallel requests come with one token and must not part. */
  #noteMove(host: Host<S>): void {
    if (this.#isMoving && this.#content !== null) this.#environment.moves.note(this.#content, this.#nameOf(host));
  }

  #pick(excluded: readonly Host<S>[]): Host<S> | null {
    const chooser = this.#target?.chooser ?? null;
    if (chooser === null) return null;
    if (this.#key !== null) return chooser.pickByKey(this.#key, this.#record, excluded);
    return chooser.pick(hash.randomize(this.#environment.random), this.#record, excluded);
  }

  #reasonOf(): DecisionReason {
    if (this.lost !== null) return this.lost === 'rebalanced' ? 'rebalanced' : 'rehomed';
    if (this.#key !== null) return this.#record.spilled ? 'hash-spilled' : 'hash';
    const { kind } = this.#plan.session.newSessions;
    if (kind === 'leastSessions') return 'least-sessions';
    return kind === 'roundRobin' ? 'balancer' : 'random';
  }

  /**
   * Could not connect: the same host once more, then the next of the key's hosts. An answer that the route's policy has
   * tried again comes from the same host where it holds the session.
   */
  #pickAgain(cause: 'unreachable' | 'failed'): Host<S> | null {
    const last = this.#last;
    if (last === null) return null;
    this.#record.reason = 'retry';
    if (cause === 'failed') return this.#sessionHost ?? this.#pick([...this.#unreachable, last]) ?? last;
    if (!this.#isSecondTry) {
      this.#isSecondTry = true;
      return last;
    }
    if (this.#mustStay) return this.#fail();
    this.#unreachable.push(last);
    if (this.#sessionHost !== null) {
      this.lost = 'unreachable';
      this.#sessionHost = null;
    }
    this.#loadKey();
    const picked = this.#pick(this.#unreachable);
    return picked === null || this.#unreachable.includes(picked) ? null : picked;
  }

  /** The session's host can't be reached, and the policy wants it to fail rather than to move. */
  get #mustStay(): boolean {
    return this.#sessionHost !== null && this.#plan.session.onLost.kind === 'fail';
  }

  #fail(): null {
    const { onLost } = this.#plan.session;
    if (onLost.kind === 'fail') this.#record.failStatus = onLost.status;
    this.#record.reason = 'session-lost';
    return null;
  }

  /** Released sessions stay so until they have moved. */
  #isStillReleased(answered: Host<S>): boolean {
    return this.#content?.released === true && !this.#isElsewhere(answered);
  }

  #isElsewhere(answered: Host<S>): boolean {
    const name = this.#content?.endpoint;
    if (name === undefined) return true;
    const now = this.#nameOf(answered);
    return now.kind !== name.kind || now.text !== name.text;
  }

  #nameOf({ endpoint }: Host<S>): TokenContent['endpoint'] {
    const { session } = this.#plan;
    if (session.token.kind === 'address') return { kind: 'address', text: endpoint.address };
    return identityOf(endpoint, session.identity);
  }

  /** Of a session that is new: made up. Nothing is gained by guessing it, because only sealed tokens carry one. */
  #sessionId(): SessionId {
    const id = this.#content?.id ?? this.#id;
    if (id !== null) return id;
    const { random } = this.#environment;
    this.#id = { hi: Math.floor(random() * 4294967296), lo: Math.floor(random() * 4294967296) };
    return this.#id;
  }

  #expiresSeconds(): number {
    const { absoluteSeconds } = this.#plan;
    const content = this.#content;
    if (content !== null && content.issuedSeconds > 0) {
      return absoluteSeconds === 0 ? 0 : content.issuedSeconds + absoluteSeconds;
    }
    return absoluteSeconds === 0 ? 0 : this.nowSeconds + absoluteSeconds;
  }

  /** At once, so that the next pick knows of it. A client that returns no token counts once, by its key. */
  #countNew({ state }: Host<S>): void {
    const isKnown = this.#key === null;
    const id = this.#key === null ? this.#sessionId() : { hi: this.#key.hi >>> 0, lo: this.#key.lo >>> 0 };
    const event = { ...id, host: state, windowSeconds: UNCONFIRMED_SECONDS, isUnconfirmed: true };
    this.#environment.ledger.seen(isKnown ? { ...event, ...this.#movable } : event);
  }

  /** What the ledger has to know of a session that may move for the balance. */
  get #movable(): Pick<SessionEvent<S>, 'policy' | 'isReleased' | 'refreshSeconds'> {
    const { session, refreshSeconds } = this.#plan;
    const { policy, rebalance, token } = session;
    return rebalance === null || token.kind === 'address' ? {} : { policy, isReleased: this.#released, refreshSeconds };
  }

  #count(host: Host<S>, isEnded: boolean): void {
    const { ledger } = this.#environment;
    const content = this.#content;
    if (content === null) {
      // It was counted before the application had said so.
      if (this.#released && !isEnded) this.#countNew(host);
      return;
    }
    this.#noteMove(host);
    const { state } = host;
    if (this.#isExchange(this.#read) && !isEnded) {
      this.#loadKey();
      this.#countNew(host);
      return;
    }
    const event = { ...content.id, host: state, windowSeconds: this.#plan.windowSeconds, ...this.#movable };
    if (isEnded) ledger.ended(event);
    else ledger.seen(event);
    if (this.nowSeconds - content.issuedSeconds <= UNCONFIRMED_SECONDS) this.#uncountKey();
  }

  /** The client does return its token: it counts by its session alone, and no longer by the key it began with. */
  #uncountKey(): void {
    if (!this.#plan.fallback.evaluate(this.#request, null, hash)) return;
    const { ledger } = this.#environment;
    const key = { hi: hash.hi >>> 0, lo: hash.lo >>> 0 };
    const host = ledger.placeOf(key);
    // A stream that began without the token is known by the key, which keeps the session for the idle time after it.
    const hasStreamed = Number.isFinite(ledger.secondsSinceStream(key));
    if (host !== null && !hasStreamed) ledger.ended({ ...key, host, windowSeconds: UNCONFIRMED_SECONDS });
  }
}
