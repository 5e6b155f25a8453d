import type { SessionEvent, SessionId } from '../../affinity/session-ledger.ts';
import type { UpstreamHost } from '../upstream-host.ts';

/** A session that was used within its window, or has an open stream. Times are seconds of the table's clock. */
export interface LiveSession extends SessionId {
  readonly host: UpstreamHost;
  readonly startedSeconds: number;
  readonly windowSeconds: number;
  /** Open streams of this process. */
  readonly streams: number;
  /** It is over with its last stream. */
  readonly isEnded: boolean;
  readonly isKey: boolean;
  readonly isUnconfirmed: boolean;
  /** The policy under which it may move for the balance; undefined: it does not. */
  readonly policy: string | undefined;
  readonly isReleased: boolean;
  /** When it was last heard of. */
  readonly seenSeconds: number;
  /** When a stream of it was last open, where none is; -Infinity: none was. */
  readonly streamEndSeconds: number;
}

interface Entry extends LiveSession {
  host: UpstreamHost;
  windowSeconds: number;
  streams: number;
  isUnconfirmed: boolean;
  policy: string | undefined;
  isReleased: boolean;
  /** Other processes that have an open stream of it; null: none. */
  holders: Set<number> | null;
  streamEndSeconds: number;
  seenSeconds: number;
  /** The bucket in which it is looked at. */
  dueSecond: number;
  /** When it last was told on, and put behind all others in the order of forgetting. */
  refreshedSeconds: number;
  isEnded: boolean;
}

/** What a request changed: whether others have to be told of the session. */
export type SessionChange = 'new' | 'moved' | 'refreshed' | 'none';

/** Why a host has one session more or less. `told`: another process says so. `gone`: it expired, or its host is gone. */
export type CountCause = 'seen' | 'ended' | 'told' | 'gone';

export interface SessionTableOptions {
  /**
   * More sessions than this are not kept: the ones that were used longest ago are forgotten, first those whose clients
   * have not returned a token yet, last those with an open stream.
   */
  readonly capacity: number;
  /** Seconds that only ever grow. */
  readonly nowSeconds: () => number;
  /** A host has one session more (1) or less (-1). */
  readonly onCount: (host: UpstreamHost, change: 1 | -1, cause: CountCause) => void;
}

/** A session that is in use is told on and moved up this often in its window. */
const REFRESHES_PER_WINDOW = 8;

/**
 * Whoever has an open stream says so at each refresh of the session. One that was silent for a window and so much longer
 * has gone without a word.
 */
const HOLDER_SILENCE_SECONDS = 30;

/** By how much of its window a session may be counted too long. */
const BUCKETS_PER_WINDOW = 64;

/**
 * Live sessions by id, each with its host. An entry costs about 300 bytes. Ids are told apart by 53 of their 64 random
 * bits: of a million sessions two are one with a chance of 1 in 18,000, which makes a count too small by one.
 */
export class SessionTable {
  /** All others, in the order in which they are forgotten where there are too many. */
  readonly #sessions = new Map<number, Entry>();
  /** Unconfirmed, without an open stream: they are forgotten before all others. */
  readonly #unconfirmed = new Map<number, Entry>();
  /** With an open stream here or in another process: they are forgotten after all others. */
  readonly #streaming = new Map<number, Entry>();
  /** In the order in which they are forgotten. */
  readonly #shelves = [this.#unconfirmed, this.#sessions, this.#streaming] as const;
  /** By the second in which they may be over, at the earliest. */
  readonly #due = new Map<number, Set<Entry>>();
  readonly #options: SessionTableOptions;
  /** Sessions that there was no room for. */
  forgotten = 0;

  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size + this.#unconfirmed.size + this.#streaming.size;
  }

  /** Entries that are kept to be looked at; never more than `size`. */
  get scheduled(): number {
    let sum = 0;
    for (const bucket of this.#due.values()) sum += bucket.size;
    return sum;
  }

  find(id: SessionId): LiveSession | undefined {
    const entry = this.#entryOf(id);
    return entry === undefined || this.#isOver(entry, this.#options.nowSeconds()) ? undefined : entry;
  }

  see(event: SessionEvent<UpstreamHost>, cause: CountCause): SessionChange {
    const { hi, lo, host, windowSeconds, isKey = false, refreshSeconds = windowSeconds } = event;
    const { isUnconfirmed = false, isReleased = false, policy } = event;
    const { nowSeconds, onCount } = this.#options;
    const now = nowSeconds();
    const entry = this.#entryOf({ hi, lo });
    if (entry === undefined || this.#isOver(entry, now)) {
      if (entry !== undefined) this.#remove(entry, 'gone');
      this.#makeRoom();
      const times = { startedSeconds: now, seenSeconds: now, refreshedSeconds: now, dueSecond: 0 };
      const stream = { streams: 0, holders: null, streamEndSeconds: Number.NEGATIVE_INFINITY, isEnded: false };
      const marks = { isKey, isUnconfirmed, policy, isReleased };
      const added: Entry = { hi, lo, host, windowSeconds, ...marks, ...times, ...stream };
      this.#file(added);
      this.#schedule(added);
      onCount(host, 1, cause);
      return 'new';
    }
    const isMarked =
      entry.isUnconfirmed !== isUnconfirmed || entry.policy !== policy || entry.isReleased !== isReleased;
    entry.isUnconfirmed = isUnconfirmed;
    entry.policy = policy;
    entry.isReleased = isReleased;
    const isDue =
      isMarked ||
      entry.windowSeconds !== windowSeconds ||
      now - entry.refreshedSeconds >= Math.min(windowSeconds / REFRESHES_PER_WINDOW, refreshSeconds);
    const isShorter = windowSeconds < entry.windowSeconds;
    const wasEnded = entry.isEnded;
    entry.seenSeconds = now;
    entry.windowSeconds = windowSeconds;
    entry.isEnded = false;
    if (isShorter) this.#schedule(entry);
    const before = entry.host;
    if (before === host && !isDue && !wasEnded) return 'none';
    entry.refreshedSeconds = now;
    this.#file(entry);
    if (before === host) return wasEnded ? 'new' : 'refreshed';
    entry.host = host;
    onCount(before, -1, cause);
    onCount(host, 1, cause);
    return 'moved';
  }

  /** The session was used, wherever it is; one that is not known is at `event.host`. */
  refresh(event: SessionEvent<UpstreamHost>): void {
    const known = this.find(event);
    if (known === undefined) {
      this.see(event, 'told');
      return;
    }
    const { host, isUnconfirmed, policy, isReleased } = known;
    this.see({ ...event, host, isUnconfirmed, policy, isReleased }, 'told');
  }

  /** The session is over, or will be with its last stream. True if it was known. */
  end(id: SessionId, cause: CountCause): boolean {
    const entry = this.#entryOf(id);
    if (entry === undefined) return false;
    if (isStreaming(entry)) entry.isEnded = true;
    else this.#remove(entry, cause);
    return true;
  }

  /** To be called after `see`. */
  open(id: SessionId): void {
    const entry = this.#entryOf(id);
    if (entry === undefined) return;
    entry.streams++;
    this.#file(entry);
  }

  close(id: SessionId): void {
    const entry = this.#entryOf(id);
    if (entry === undefined || entry.streams === 0) return;
    entry.streams--;
    this.#streamEnded(entry, 'ended');
  }

  /**
   * What another process says of its own streams of the session: the seconds since one was open, 0 while one is. True if
   * that is a change. Nothing is kept of sessions that are not known.
   */
  follow(id: SessionId, holder: number, secondsSince: number): boolean {
    const entry = this.#entryOf(id);
    if (entry === undefined) return false;
    const now = this.#options.nowSeconds();
    if (secondsSince > 0) {
      entry.streamEndSeconds = Math.max(entry.streamEndSeconds, now - secondsSince);
      return this.#release(entry, holder);
    }
    entry.seenSeconds = now;
    if (entry.holders?.has(holder) === true) return false;
    entry.holders ??= new Set();
    entry.holders.add(holder);
    this.#file(entry);
    return true;
  }

  /** The other process has ended, and its streams with it: the sessions that had any. */
  releaseAll(holder: number): readonly LiveSession[] {
    return [...this.#streaming.values()].filter((entry) => this.#release(entry, holder));
  }

  /** 0: a stream is open, here or in a process other than `except`; Infinity: none is known. */
  secondsSinceStream(id: SessionId, except: number | null = null): number {
    const entry = this.#entryOf(id);
    const now = this.#options.nowSeconds();
    if (entry === undefined || this.#isOver(entry, now)) return Number.POSITIVE_INFINITY;
    if (entry.streams > 0) return 0;
    for (const holder of entry.holders ?? []) if (holder !== except) return 0;
    // Never 0: the stream is closed.
    return Math.max(now - entry.streamEndSeconds, Number.EPSILON);
  }

  /** Sessions with an open stream of this process that have not been told on for an eighth of their window. */
  refreshStreams(): readonly LiveSession[] {
    const now = this.#options.nowSeconds();
    const due: LiveSession[] = [];
    for (const entry of this.#streaming.values()) {
      if (entry.streams === 0 || now - entry.refreshedSeconds < entry.windowSeconds / REFRESHES_PER_WINDOW) continue;
      entry.seenSeconds = now;
      entry.refreshedSeconds = now;
      due.push(entry);
    }
    return due;
  }

  /** Sessions without an open stream, those that were used longest ago first, to an eighth of their window. */
  visitSilent(visit: (session: LiveSession) => void): void {
    for (const entries of [this.#unconfirmed, this.#sessions]) for (const entry of entries.values()) visit(entry);
  }

  *[Symbol.iterator](): IterableIterator<LiveSession> {
    yield* this.#sessions.values();
    yield* this.#unconfirmed.values();
    yield* this.#streaming.values();
  }

  /** Forgets the sessions that are over. */
  sweep(): void {
    const now = this.#options.nowSeconds();
    for (const [second, entries] of this.#due) {
      if (second > now) continue;
      this.#due.delete(second);
      for (const entry of entries) {
        entry.dueSecond = 0;
        if (this.#isOver(entry, now)) this.#remove(entry, 'gone');
        else this.#schedule(entry);
      }
    }
  }

  /** Forgets the sessions of hosts that can't have them any more. */
  forget(isGone: (host: UpstreamHost) => boolean): void {
    for (const entries of this.#shelves) {
      for (const entry of entries.values()) if (isGone(entry.host)) this.#remove(entry, 'gone');
    }
  }

  #entryOf(id: SessionId): Entry | undefined {
    const key = toKey(id);
    return this.#sessions.get(key) ?? this.#unconfirmed.get(key) ?? this.#streaming.get(key);
  }

  #isOver(entry: Entry, now: number): boolean {
    return entry.streams === 0 && overAt(entry) <= now;
  }

  /** False if the process had no stream of the session. */
  #release(entry: Entry, holder: number): boolean {
    if (entry.holders?.delete(holder) !== true) return false;
    if (entry.holders.size === 0) entry.holders = null;
    this.#streamEnded(entry, 'told');
    return true;
  }

  #streamEnded(entry: Entry, cause: CountCause): void {
    const now = this.#options.nowSeconds();
    entry.seenSeconds = now;
    entry.streamEndSeconds = now;
    if (isStreaming(entry)) return;
    if (entry.isEnded) {
      this.#remove(entry, cause);
      return;
    }
    this.#file(entry);
    this.#schedule(entry);
  }

  /** Puts it where it belongs, behind all others there. */
  #file(entry: Entry): void {
    const key = toKey(entry);
    for (const entries of this.#shelves) entries.delete(key);
    const confirmed = entry.isUnconfirmed ? this.#unconfirmed : this.#sessions;
    (isStreaming(entry) ? this.#streaming : confirmed).set(key, entry);
  }

  #schedule(entry: Entry): void {
    const now = this.#options.nowSeconds();
    const width = Math.max(1, Math.floor(entry.windowSeconds / BUCKETS_PER_WINDOW));
    const due = entry.streams > 0 ? now + entry.windowSeconds : overAt(entry);
    const second = Math.ceil(Math.max(due, now) / width) * width;
    if (entry.dueSecond === second) return;
    this.#unschedule(entry);
    entry.dueSecond = second;
    const bucket = this.#due.get(second);
    if (bucket === undefined) this.#due.set(second, new Set([entry]));
    else bucket.add(entry);
  }

  /** A bucket that kept what is forgotten would grow with the rate of new sessions, whatever the capacity. */
  #unschedule(entry: Entry): void {
    const bucket = this.#due.get(entry.dueSecond);
    if (bucket?.delete(entry) === true && bucket.size === 0) this.#due.delete(entry.dueSecond);
  }

  #makeRoom(): void {
    if (this.size < this.#options.capacity) return;
    const [first, second, third] = this.#shelves.map((entries) => entries.values().next().value);
    const oldest = first ?? second ?? third;
    if (oldest === undefined) return;
    this.forgotten++;
    this.#remove(oldest, 'gone');
  }

  #remove(entry: Entry, cause: CountCause): void {
    const key = toKey(entry);
    for (const entries of this.#shelves) entries.delete(key);
    this.#unschedule(entry);
    this.#options.onCount(entry.host, -1, cause);
  }
}

function isStreaming({ streams, holders }: Entry): boolean {
  return streams > 0 || holders !== null;
}

/** When the session is over if nothing is heard of it; not while a stream of this process is open. */
function overAt({ seenSeconds, windowSeconds, holders }: Entry): number {
  return seenSeconds + windowSeconds + (holders === null ? 0 : HOLDER_SILENCE_SECONDS);
}

/** A map's key for the session. */
export function toKey({ hi, lo }: SessionId): number {
  return (hi >>> 0) * 2_097_152 + (lo >>> 11);
}
