import type { DecisionReason, DecisionRecord, TokenOutcome } from '../model/decision.ts';
import type { RequestView } from '../model/request-view.ts';
import type { PickTrace } from './chooser.ts';
import type { HeaderLookup, SetCookie } from './cookie.ts';
import { applicableCarriers, drawTarget, type ForwardPlan, findSessionHost, type PlanTarget } from './forward-plan.ts';
import type { KeyTrace } from './hash-policies.ts';
import { Hash64 } from './hash64.ts';
import type { HeaderEdit } from './header-edit.ts';
import type { Host, HostState } from './host.ts';
import type { KeyOwners } from './minimal-moves.ts';
import type { Carrier, UpstreamHeader } from './session-carrier.ts';
import type { SessionEvent, SessionLedger } from './session-ledger.ts';
import type { SessionMoves } from './strong/session-moves.ts';
import { type LostReason, type PickCause, StrongSelection } from './strong/strong-selection.ts';

/** What a selection needs from the outside; one object for all requests. */
export interface SelectionEnvironment {
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Unix time, whole seconds of the wall clock. */
  readonly nowSeconds: () => number;
  /** Live sessions, and the budget of moves. */
  readonly ledger: SessionLedger<HostState>;
  readonly moves: SessionMoves;
}

const NO_CARRIERS: readonly Carrier[] = [];
const NO_EDITS: readonly HeaderEdit[] = [];

/** Hash of the pick in hand; a pick never waits, so that one is enough for all requests. */
const hash = new Hash64();

/**
 * How one request finds its host: first the target (by its session, otherwise by weight), then one host per try.
 * In this order: `chooseTarget` on the request as received, then `next` for the first try and for every retry on the
 * request as it will be sent, then `responseEdits` once it is known who answered. It is also the decision's record.
 */
export class Selection<S extends HostState> implements DecisionRecord, PickTrace, KeyTrace {
  mode: DecisionRecord['mode'] = 'none';
  keySource = '';
  token: TokenOutcome = 'none';
  candidates = 0;
  cluster = '';
  chosen = '';
  reason: DecisionReason = 'no-target';
  spilled = false;
  generatedCookies: SetCookie[] | null = null;
  generatedValue = '';
  /** Status of the answer that Limpet gives itself where `chooseTarget` or `next` gave null. */
  failStatus = 503;
  #requestEdits: readonly HeaderEdit[] = NO_EDITS;

  readonly #plan: ForwardPlan<S>;
  readonly #request: RequestView;
  readonly #environment: SelectionEnvironment;
  #target: PlanTarget<S> | null = null;
  /** The session's host, until it has been tried. */
  #sessionHost: Host<S> | null = null;
  /** Address text that the client's token names; empty: it has none. */
  #sessionAddress = '';
  #carriers: readonly Carrier[] = NO_CARRIERS;
  #last: Host<S> | null = null;
  /** Hosts tried before `#last`. */
  #tried: Host<S>[] | null = null;
  #hashState: 'unknown' | 'none' | 'present' = 'unknown';
  #hashHi = 0;
  #hashLo = 0;
  /** null: no SessionPolicy. */
  readonly #strong: StrongSelection<S> | null;

  constructor(plan: ForwardPlan<S>, request: RequestView, environment: SelectionEnvironment) {
    this.#plan = plan;
    this.#request = request;
    this.#environment = environment;
    this.#strong = plan.strong === null ? null : new StrongSelection(plan.strong, request, environment, this);
  }

  /** The key is a cookie that was made up for this request. */
  get generated(): boolean {
    return this.generatedCookies !== null;
  }

  /**
   * The route's target that serves the request; null: answer `failStatus`. To be called before the route's header
   * operations and rewrites are applied, because tokens and their paths are those the client sent (§7.4, §13.3).
   */
  chooseTarget(): PlanTarget<S> | null {
    const plan = this.#plan;
    if (this.#strong !== null) {
      this.#target = this.#strong.chooseTarget();
      if (this.reason === 'session-lost') return null;
    } else {
      if (plan.session !== null && !this.#readSession()) return null;
      if (this.#target === null) this.#target = this.#drawTarget();
    }
    // A share without a cluster belongs to a backend that does not exist: it is answered so (Gateway API, backendRefs).
    if (this.#target === null || this.#target.target.cluster === '') {
      this.failStatus = plan.emptyStatus;
      this.reason = 'no-target';
      return null;
    }
    this.cluster = this.#target.target.cluster;
    if (this.mode === 'none' && this.#target.policies !== null) this.mode = 'hash';
    return this.#target;
  }

  /**
   * The host for the first try, then for each retry (envoy-affinity §8, §12.7); null: no host may serve, answer
   * `failStatus`.
   */
  next(cause: PickCause = this.#last === null ? 'first' : 'failed'): Host<S> | null {
    const target = this.#target;
    if (target === null) return null;
    let host = this.#sessionHost;
    if (this.#strong !== null) {
      host = this.#strong.next(cause);
    } else if (host !== null) {
      this.#sessionHost = null;
      this.candidates = 1;
      this.reason = 'token';
    } else {
      host = this.#balance(target);
    }
    this.#remember();
    this.#last = host;
    this.chosen = host === null ? '' : host.address;
    if (host === null && this.reason !== 'session-lost') this.reason = 'no-endpoint';
    return host;
  }

  /**
   * Changes of the response's head that bind the client to the host that answered. null: Limpet answers itself, and
   * then nothing is promised. `upstream` is the head as the upstream sent it.
   */
  responseEdits(answered: Host<S> | null, upstream: HeaderLookup): readonly HeaderEdit[] {
    if (answered === null) return NO_EDITS;
    if (this.#strong !== null) return this.#strong.responseEdits(answered, upstream);
    if (this.generatedCookies === null && this.#carriers.length === 0) return NO_EDITS;
    const edits: HeaderEdit[] = [];
    for (const cookie of this.generatedCookies ?? []) {
      edits.push({ op: 'append', name: 'set-cookie', value: cookie.format(this.generatedValue) });
    }
    const isNew = answered.address !== this.#sessionAddress;
    for (const carrier of this.#carriers) {
      const header = readUpstreamHeader(upstream, carrier.upstreamHeader);
      const edit = carrier.write(answered.address, isNew, header, this.#environment.nowSeconds());
      if (edit !== null) edits.push(edit);
    }
    return edits;
  }

  /** Headers that the upstream must see instead of the client's: the application's own values, without tokens. */
  get requestEdits(): readonly HeaderEdit[] {
    return this.#strong === null ? this.#requestEdits : this.#strong.requestEdits();
  }

  /** A SessionPolicy wants another attempt, because no connection could be made: `next('unreachable')` has its host. */
  get triesUnreachable(): boolean {
    return this.#strong?.mayTryUnreachable === true;
  }

  /** Seconds after which a client may ask again that was answered `failStatus`; null: nothing is said. */
  get retryAfterSeconds(): number | null {
    return this.reason === 'session-lost' ? (this.#strong?.retryAfterSeconds ?? null) : null;
  }

  /** Why the session is not where it was; null: it is, or there was none. */
  get lost(): LostReason | null {
    return this.#strong?.lost ?? null;
  }

  /** What the ledger of sessions is to be told of the request's session once a host has answered; null: it has none. */
  sessionAt(answered: Host<S>): SessionEvent<S> | null {
    if (this.#strong !== null) return this.#strong.sessionAt(answered);
    const owners = this.#target?.owners ?? null;
    if (owners === null || this.#hashState !== 'present') return null;
    return owners.eventFor(hash.set(this.#hashHi, this.#hashLo), answered);
  }

  /** The request's hash in hex; null: it has none, or none was asked for yet. For explain and for replaying recordings. */
  keyHash(): string | null {
    return this.#hashState === 'present' ? hash.set(this.#hashHi, this.#hashLo).toHex() : null;
  }

  /** Looks for a token and its host; false if the session is lost and must not move. */
  #readSession(): boolean {
    const { session } = this.#plan;
    if (session === null) return true;
    this.#carriers = applicableCarriers(session, this.#request);
    if (this.#carriers.length === 0) return true;
    this.mode = 'session';
    this.token = 'absent';
    const address = this.#readToken();
    if (address === '') return true;
    this.#sessionAddress = address;
    const found = findSessionHost(this.#plan, address);
    this.token = found.outcome;
    if (found.outcome === 'used') {
      this.#target = found.target;
      this.#sessionHost = found.host;
      return true;
    }
    if (session.onLost.kind === 'rehome') return true;
    const { onLost } = session;
    this.failStatus = found.outcome === 'unknown-endpoint' ? onLost.unknownStatus : onLost.refusedStatus;
    this.reason = 'session-lost';
    return false;
  }

  /** Address of the first carrier that has one; an envelope is opened even if its address is of no use (§14.3). */
  #readToken(): string {
    for (const carrier of this.#carriers) {
      const token = carrier.read(this.#request, this.#environment.nowSeconds());
      if (token.unwrapped !== null) {
        this.#requestEdits = [{ op: 'set', name: carrier.upstreamHeader, value: token.unwrapped }];
      }
      if (token.expired) this.token = 'expired';
      if (token.address !== '') return token.address;
    }
    return '';
  }

  #drawTarget(): PlanTarget<S> | null {
    const { targetPolicies } = this.#plan;
    const hasHash = targetPolicies?.evaluate(this.#request, null, hash) === true;
    return drawTarget(this.#plan, hasHash ? hash : null, this.#environment.random);
  }

  #balance(target: PlanTarget<S>): Host<S> | null {
    const { hosts } = target;
    if (hosts === null) return null;
    const hasHash = this.#loadHash(target);
    const isRetry = this.#last !== null;
    if (hasHash && target.owners !== null) return this.#askOwners(target.owners);
    // A retry asks with growing attempts; the last host offered is taken even if it was tried before.
    const lastAttempt = isRetry ? this.#plan.otherHostAttempts : 0;
    let host = hosts.pick(hash, 0, this);
    for (let attempt = 1; attempt <= lastAttempt && host !== null && this.#wasTried(host); attempt++) {
      host = hosts.pick(hash, attempt, this);
    }
    if (isRetry) this.reason = 'retry';
    else if (hasHash) this.reason = this.spilled ? 'hash-spilled' : 'hash';
    else this.reason = target.balancer?.hashes === true ? 'random' : 'balancer';
    return host;
  }

  #askOwners(owners: KeyOwners<S>): Host<S> | null {
    const last = this.#last;
    if (last === null) {
      this.reason = 'hash';
      return owners.pick(hash, this.#environment, this);
    }
    this.reason = 'retry';
    if (this.#plan.otherHostAttempts === 0) return last;
    return owners.pickAgain(hash, this, [...(this.#tried ?? []), last]) ?? last;
  }

  /** Puts the request's hash into `hash`; without one, random bits and false (envoy-affinity §7.2). */
  #loadHash(target: PlanTarget<S>): boolean {
    if (this.#hashState === 'unknown') {
      const present = target.policies?.evaluate(this.#request, this, hash) === true;
      this.#hashState = present ? 'present' : 'none';
      this.#hashHi = hash.hi;
      this.#hashLo = hash.lo;
    }
    if (this.#hashState === 'none') {
      hash.randomize(this.#environment.random);
      return false;
    }
    hash.set(this.#hashHi, this.#hashLo);
    return true;
  }

  #remember(): void {
    if (this.#last === null || this.#plan.otherHostAttempts === 0) return;
    if (this.#tried === null) this.#tried = [this.#last];
    else this.#tried.push(this.#last);
  }

  #wasTried({ address }: Host<S>): boolean {
    return address === this.#last?.address || this.#tried?.some((host) => host.address === address) === true;
  }
}

const NO_HEADER: UpstreamHeader = { count: 0, value: '' };

function readUpstreamHeader(upstream: HeaderLookup, name: string): UpstreamHeader {
  if (name === '') return NO_HEADER;
  const first = upstream.findHeader(name, 0);
  if (first < 0) return NO_HEADER;
  return { count: upstream.findHeader(name, first + 1) < 0 ? 1 : 2, value: upstream.headerValue(first) };
}
