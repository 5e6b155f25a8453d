import type { MoveRule, SessionEvent, SessionId, SessionLedger } from '../../affinity/session-ledger.ts';
import type { UpstreamHost, UpstreamHosts } from '../upstream-host.ts';
import { type ChosenMove, encodeMoves } from './chosen-moves.ts';
import { MoveBudget } from './move-budget.ts';
import { MovePlanner } from './move-planner.ts';
import type { MovePolicy } from './move-policies.ts';
import {
  decodeReport,
  encodeReport,
  type SessionMessage,
  type SessionNews,
  type SessionReport,
} from './session-report.ts';
import { SessionTable } from './session-table.ts';
import type { SessionCount, SessionNotice } from './worker-sessions.ts';

export interface SessionCenterOptions {
  readonly hosts: () => UpstreamHosts;
  readonly capacity: number;
  /** Workers have to be told of every change. */
  readonly hasWorkers: boolean;
  /** Seconds that only ever grow. */
  readonly nowSeconds: () => number;
  /** The wall clock, which all processes of a machine share. */
  readonly wallMillis: () => number;
}

/**
 * All live sessions of a gateway. In a process that serves by itself it is the ledger; in the primary it is the union of
 * what the workers report, and knows what each of them has still to be told (decision 071).
 */
export class SessionCenter implements SessionLedger<UpstreamHost> {
  readonly #options: SessionCenterOptions;
  readonly #table: SessionTable;
  readonly #planner: MovePlanner;
  readonly movesBy: MoveRule<UpstreamHost>;
  readonly #changed = new Set<UpstreamHost>();
  /** Workers that wait for the answer to a report. */
  readonly #reporters = new Set<number>();
  /** What others than the worker that reported it have to know: keys, what moved or ended, and open streams. */
  #news: { readonly worker: number; readonly message: SessionMessage }[] = [];
  /** What all workers have to know of moves. */
  #moves: ChosenMove[] = [];

  constructor(options: SessionCenterOptions) {
    const { capacity, hasWorkers, nowSeconds, wallMillis } = options;
    this.#options = options;
    const budget = new MoveBudget(nowSeconds);
    const onCount = (host: UpstreamHost, change: number): void => {
      host.liveSessions += change;
      if (hasWorkers) this.#changed.add(host);
    };
    this.#table = new SessionTable({ capacity, nowSeconds, onCount });
    this.#planner = new MovePlanner({ table: this.#table, budget, nowSeconds, wallMillis });
    this.movesBy = hasWorkers
      ? { kind: 'choice', hostFor: (id) => this.#planner.hostFor(id) }
      : { kind: 'counts', take: (policy, maxPerMinute) => budget.take(policy, maxPerMinute) };
  }

  get size(): number {
    return this.#table.size;
  }

  get forgotten(): number {
    return this.#table.forgotten;
  }

  seen(event: SessionEvent<UpstreamHost>): void {
    this.#table.see(event, 'seen');
  }

  ended(event: SessionEvent<UpstreamHost>): void {
    this.#table.end(event, 'ended');
  }

  opened(event: SessionEvent<UpstreamHost>): void {
    this.#table.see(event, 'seen');
    this.#table.open(event);
  }

  closed(event: SessionEvent<UpstreamHost>): void {
    this.#table.close(event);
  }

  /** The policies whose sessions move for the balance, once all workers have their hosts. */
  useMovePolicies(policies: readonly MovePolicy[]): void {
    this.#planner.use(policies);
  }

  /** Sessions that move with their next request at a safe point. */
  get sessionsToMove(): number {
    return this.#planner.chosen.filter(({ hi, lo }) => this.#planner.hostFor({ hi, lo }) !== null).length;
  }

  /** Chooses the sessions that move next; `notices` tells the workers. */
  planMoves(): void {
    for (const move of this.#planner.plan()) this.#moves.push(move);
  }

  placeOf(key: SessionId): UpstreamHost | null {
    return this.#table.find(key)?.host ?? null;
  }

  secondsSinceStream(id: SessionId): number {
    return this.#table.secondsSinceStream(id);
  }

  sweep(): void {
    this.#table.sweep();
  }

  forget(isGone: (host: UpstreamHost) => boolean): void {
    this.#table.forget(isGone);
  }

  /** How long the oldest session of each of these hosts has been known; hosts that have none are left out. One pass for all. */
  oldestSeconds(hosts: ReadonlySet<UpstreamHost>): ReadonlyMap<UpstreamHost, number> {
    const now = this.#options.nowSeconds();
    const oldest = new Map<UpstreamHost, number>();
    for (const { host, startedSeconds } of this.#table) {
      const seconds = Math.floor(now - startedSeconds);
      if (hosts.has(host) && seconds > (oldest.get(host) ?? -1)) oldest.set(host, seconds);
    }
    return oldest;
  }

  /** A worker says what happened; `notices` answers. */
  report(worker: number, report: SessionReport): void {
    this.#reporters.add(worker);
    const hosts = this.#options.hosts();
    decodeReport(
      report,
      ({ cluster, address }) => hosts.find(cluster, address),
      (news, event, secondsSinceStream) => {
        const isNews = this.#merge(news, event);
        const hasChanged = this.#table.follow(event, worker, secondsSinceStream);
        if (isNews) this.#news.push({ worker, message: { news, event } });
        // A stream is told of at each refresh, so that whoever could not use it once hears of it again.
        else if (hasChanged || secondsSinceStream === 0) this.#tellOthers(worker, event);
      },
      (news, id) => {
        // The pod of a stream that was closed just now is gone, and the session may be at another.
        if (news === 'stream') this.#table.follow(id, worker, Number.POSITIVE_INFINITY);
        else this.#table.end(id, 'gone');
      },
    );
  }

  /** True if other workers may know otherwise. */
  #merge(news: SessionNews, event: SessionEvent<UpstreamHost>): boolean {
    switch (news) {
      case 'ended':
        return this.#table.end(event, 'ended');
      case 'used':
        this.#table.refresh(event);
        return false;
      case 'seen':
        return this.#table.see(event, 'seen') === 'moved' || event.isKey === true;
      case 'stream':
        return false;
    }
  }

  /** Where the session is, and with that what is known of its streams. */
  #tellOthers(worker: number, event: SessionEvent<UpstreamHost>): void {
    const session = this.#table.find(event);
    const news = session === undefined ? 'ended' : session.isEnded ? 'stream' : 'seen';
    this.#news.push({ worker, message: { news, event: session ?? event } });
  }

  /** The worker's streams are closed. */
  onExit(worker: number): void {
    this.#reporters.delete(worker);
    this.#planner.onExit();
    for (const session of this.#table.releaseAll(worker)) this.#tellOthers(worker, session);
  }

  /** What each of the workers has to be told since the last call; workers that need to know nothing are left out. */
  notices(workerCount: number): ReadonlyMap<number, SessionNotice> {
    const counts = [...this.#changed].map(toCount);
    const all = this.#news;
    const moves = this.#moves.length === 0 ? null : encodeMoves(this.#moves);
    this.#changed.clear();
    this.#news = [];
    this.#moves = [];
    const notices = new Map<number, SessionNotice>();
    for (let worker = 0; worker < workerCount; worker++) {
      const isAnswer = this.#reporters.delete(worker);
      const news = all.filter((each) => each.worker !== worker).map(({ message }) => message);
      if (!isAnswer && counts.length === 0 && news.length === 0 && moves === null) continue;
      notices.set(worker, { counts, isAnswer, news: this.#encode(news, worker), moves });
    }
    return notices;
  }

  /** What a worker that starts has to know. */
  notice(): SessionNotice {
    const counts = [...this.#options.hosts()].map(([, host]) => toCount(host)).filter(({ sessions }) => sessions > 0);
    const messages: SessionMessage[] = [];
    for (const session of this.#table) {
      const isStreamKnown = Number.isFinite(this.#table.secondsSinceStream(session));
      if (session.isKey || isStreamKnown) messages.push({ news: 'seen', event: session });
    }
    const moves = encodeMoves(this.#planner.chosen);
    return { counts, isAnswer: false, news: this.#encode(messages, null), moves };
  }

  #encode(messages: readonly SessionMessage[], worker: number | null): SessionReport | null {
    if (messages.length === 0) return null;
    return encodeReport(messages, (id) => this.#table.secondsSinceStream(id, worker));
  }
}

function toCount({ cluster, address, liveSessions }: UpstreamHost): SessionCount {
  return { cluster, address, sessions: liveSessions };
}
