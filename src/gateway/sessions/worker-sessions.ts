import type { MoveRule, SessionEvent, SessionId, SessionLedger } from '../../affinity/session-ledger.ts';
import type { HostName, UpstreamHost, UpstreamHosts } from '../upstream-host.ts';
import { ChosenMoves, type MoveList } from './chosen-moves.ts';
import { decodeReport, encodeReport, type SessionMessage, type SessionReport } from './session-report.ts';
import { type CountCause, type SessionChange, SessionTable } from './session-table.ts';

/** Live sessions of a host, as the primary counts them. */
export interface SessionCount extends HostName {
  readonly sessions: number;
}

/** What the primary tells a worker of sessions. */
export interface SessionNotice {
  /** Of hosts whose count changed. */
  readonly counts: readonly SessionCount[];
  /** The counts contain what the worker's last report said. */
  readonly isAnswer: boolean;
  /** Of sessions in other workers: keys, what moved or ended, and open streams; null: nothing of the kind. */
  readonly news: SessionReport | null;
  /** Sessions that move with their next request at a safe point, or do so no longer; null: none. */
  readonly moves: MoveList | null;
}

export interface WorkerSessionsOptions {
  readonly hosts: () => UpstreamHosts;
  readonly capacity: number;
  /** Tells the primary, which answers by a notice; `drainList` is the list of drains that was followed by then. */
  readonly report: (report: SessionReport, drainList: number) => void;
  /** Seconds that only ever grow. */
  readonly nowSeconds: () => number;
  /** The wall clock, which all processes of a machine share. */
  readonly wallMillis: () => number;
}

/** Who has the streams of which the primary tells a worker: any of the others. */
const OTHERS = 0;

/**
 * A worker's part in counting live sessions: it tells the primary what is new to it, and gives its hosts the primary's
 * counts, with what the primary does not know yet on top (decision 071).
 */
export class WorkerSessions implements SessionLedger<UpstreamHost> {
  readonly #options: WorkerSessionsOptions;
  readonly #table: SessionTable;
  readonly #moves: ChosenMoves;
  readonly movesBy: MoveRule<UpstreamHost> = { kind: 'choice', hostFor: (id) => this.#hostFor(id) };
  readonly #outbox = new Map<string, SessionMessage>();
  readonly #counts = new Map<UpstreamHost, number>();
  /** What happened since the last report, and what that report says: on top of the primary's counts. */
  #fresh = new Map<UpstreamHost, number>();
  #told = new Map<UpstreamHost, number>();
  #isWaiting = false;
  #streamsTold = 0;
  #drainList = -1;
  #mustReport = false;

  constructor(options: WorkerSessionsOptions) {
    this.#options = options;
    this.#moves = new ChosenMoves(options.wallMillis);
    const { capacity, nowSeconds } = options;
    this.#table = new SessionTable({ capacity, nowSeconds, onCount: (...change) => this.#onCount(...change) });
  }

  get forgotten(): number {
    return this.#table.forgotten;
  }

  seen(event: SessionEvent<UpstreamHost>): void {
    this.#tell(event, this.#table.see(event, 'seen'));
  }

  ended(event: SessionEvent<UpstreamHost>): void {
    this.#table.end(event, 'ended');
    this.#post({ news: 'ended', event });
  }

  opened(event: SessionEvent<UpstreamHost>): void {
    this.seen(event);
    this.#table.open(event);
    this.#post({ news: 'used', event });
  }

  closed(event: SessionEvent<UpstreamHost>): void {
    this.#table.close(event);
    const session = this.#table.find(event);
    // Of one that is over here, or went elsewhere, others may know more.
    this.#post({ news: session === undefined || session.isEnded ? 'stream' : 'used', event });
  }

  placeOf(key: SessionId): UpstreamHost | null {
    return this.#table.find(key)?.host ?? null;
  }

  secondsSinceStream(id: SessionId): number {
    return this.#table.secondsSinceStream(id);
  }

  /** To be called a few times a second. */
  tick(): void {
    this.#table.sweep();
    this.#moves.sweep();
    this.#keepStreams();
    if (this.#isWaiting || (this.#outbox.size === 0 && !this.#mustReport)) return;
    this.#mustReport = false;
    const messages = [...this.#outbox.values()];
    this.#outbox.clear();
    this.#told = this.#fresh;
    this.#fresh = new Map();
    this.#isWaiting = true;
    this.#options.report(
      encodeReport(messages, (id) => this.#table.secondsSinceStream(id, OTHERS)),
      this.#drainList,
    );
  }

  /** No more new sessions for the hosts of this list: what they have until now is told even if there is nothing to tell. */
  followDrains(listNumber: number): void {
    // A list may come with a snapshot that was long in coming.
    if (listNumber <= this.#drainList) return;
    this.#drainList = listNumber;
    this.#mustReport = true;
  }

  /** The primary has counted. */
  receive({ counts, isAnswer, news, moves }: SessionNotice): void {
    if (moves !== null) this.#moves.receive(moves);
    const hosts = this.#options.hosts();
    const touched = new Set<UpstreamHost>();
    for (const { cluster, address, sessions } of counts) {
      const host = hosts.find(cluster, address);
      if (host === undefined) continue;
      this.#counts.set(host, sessions);
      touched.add(host);
    }
    if (isAnswer) {
      for (const host of this.#told.keys()) touched.add(host);
      this.#told = new Map();
      this.#isWaiting = false;
    }
    for (const host of touched) this.#write(host);
    if (news !== null) this.#learn(news, hosts);
  }

  /** Forgets sessions of hosts that are gone, or that are another pod now. */
  forget(isGone: (host: UpstreamHost) => boolean): void {
    this.#table.forget(isGone);
    for (const map of [this.#counts, this.#fresh, this.#told]) {
      for (const host of map.keys()) {
        if (!isGone(host)) continue;
        map.delete(host);
        host.liveSessions = 0;
      }
    }
  }

  /** What this worker knows otherwise it would not tell: it takes it for known. */
  #learn(report: SessionReport, hosts: UpstreamHosts): void {
    decodeReport(
      report,
      ({ cluster, address }) => hosts.find(cluster, address),
      (news, event, secondsSinceStream) => {
        const isKnown = this.#table.find(event) !== undefined;
        const isWanted = isKnown || event.isKey === true || Number.isFinite(secondsSinceStream);
        if (isWanted && news === 'seen') this.#table.see(event, 'told');
        this.#table.follow(event, OTHERS, secondsSinceStream);
        if (news === 'ended') this.#table.end(event, 'told');
      },
      (_news, id) => void this.#table.end(id, 'told'),
    );
  }

  #hostFor(id: SessionId): UpstreamHost | null {
    const to = this.#moves.find(id);
    return to === null ? null : (this.#options.hosts().find(to.cluster, to.address) ?? null);
  }

  #tell(event: SessionEvent<UpstreamHost>, change: SessionChange): void {
    if (change !== 'none') this.#post({ news: 'seen', event });
  }

  #post(message: SessionMessage): void {
    const { hi, lo } = message.event;
    const key = `${hi} ${lo}`;
    // That it is at the host says more than that it is in use, and what is said of streams goes with any message.
    const isLess = message.news === 'used' || message.news === 'stream';
    if (isLess && this.#outbox.has(key)) return;
    this.#outbox.set(key, message);
  }

  /** A session with an open stream is in use although nothing is asked. */
  #keepStreams(): void {
    const now = this.#options.nowSeconds();
    if (now - this.#streamsTold < 1) return;
    this.#streamsTold = now;
    for (const session of this.#table.refreshStreams()) {
      this.#post({ news: session.isEnded ? 'stream' : 'used', event: session });
    }
  }

  #onCount(host: UpstreamHost, change: 1 | -1, cause: CountCause): void {
    // What ends by time ends in the primary.
    if (cause !== 'seen' && cause !== 'ended') return;
    this.#fresh.set(host, (this.#fresh.get(host) ?? 0) + change);
    this.#write(host);
  }

  #write(host: UpstreamHost): void {
    const sum = (this.#counts.get(host) ?? 0) + (this.#fresh.get(host) ?? 0) + (this.#told.get(host) ?? 0);
    host.liveSessions = Math.max(0, sum);
  }
}
