import type { SessionEvent, SessionId } from '../../affinity/session-ledger.ts';
import type { UpstreamHost } from '../upstream-host.ts';

/** A session that was used within its window, or has an open stream. Times are seconds of the table's clock. */
export interface LiveSession extends SessionId {
  readonly host: UpstreamHost;
  readonly startedSeconds: number;
  readonly windowSeconds: number;
  readonly streams: number;
  readonly isKey: boolean;
}

interface Entry extends LiveSession {
  host: UpstreamHost;
  windowSeconds: number;
  streams: number;
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
  /** More sessions than this are not kept: the ones that were used longest ago are forgotten. */
  readonly capacity: number;
  /** Seconds that only ever grow. */
  readonly nowSeconds: () => number;
  /** A host has one session more (1) or less (-1). */
  readonly onCount: (host: UpstreamHost, change: 1 | -1, cause: CountCause) => void;
}

/** A session that is in use is told on and moved up this often in its window. */
const REFRESHES_PER_WINDOW = 8;

/** By how much of its window a session may be counted too long. */
const BUCKETS_PER_WINDOW = 64;

/**
 * Live sessions by id, each with its host. An entry costs about 150 bytes. Ids are told apart by 53 of their 64 random
 * bits: of a million sessions two are one with a chance of 1 in 18,000, which makes a count too small by one.
 */
export class SessionTable {
  /** In the order in which they are forgotten where there are too many. */
  readonly #sessions = new Map<number, Entry>();
  /** By the second in which they may be over, at the earliest. */
  readonly #due = new Map<number, Set<Entry>>();
  readonly #streaming = new Set<Entry>();
  readonly #options: SessionTableOptions;
  /** Sessions that there was no room for. */
  forgotten = 0;

  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Entries that are kept to be looked at; never more than `size`. */
  get scheduled(): number {
    let sum = 0;
    for (const bucket of this.#due.values()) sum += bucket.size;
    return sum;
  }

  find(id: SessionId): LiveSession | undefined {
    const entry = this.#sessions.get(toKey(id));
    return entry === undefined || this.#isOver(entry, this.#options.nowSeconds()) ? undefined : entry;
  }

  see({ hi, lo, host, windowSeconds, isKey = false }: SessionEvent<UpstreamHost>, cause: CountCause): SessionChange {
    const { nowSeconds, onCount } = this.#options;
    const now = nowSeconds();
    const key = toKey({ hi, lo });
    const entry = this.#sessions.get(key);
    if (entry === undefined || this.#isOver(entry, now)) {
      if (entry !== undefined) this.#remove(entry, 'gone');
      this.#makeRoom();
      const times = { startedSeconds: now, seenSeconds: now, refreshedSeconds: now };
      const added: Entry = { hi, lo, host, windowSeconds, streams: 0, isKey, isEnded: false, dueSecond: 0, ...times };
      this.#sessions.set(key, added);
      this.#schedule(added);
      onCount(host, 1, cause);
      return 'new';
    }
    const isDue =
      entry.windowSeconds !== windowSeconds || now - entry.refreshedSeconds >= windowSeconds / REFRESHES_PER_WINDOW;
    const isShorter = windowSeconds < entry.windowSeconds;
    entry.seenSeconds = now;
    entry.windowSeconds = windowSeconds;
    entry.isEnded = false;
    if (isShorter) this.#schedule(entry);
    const before = entry.host;
    if (before === host && !isDue) return 'none';
    entry.refreshedSeconds = now;
    this.#sessions.delete(key);
    this.#sessions.set(key, entry);
    if (before === host) return 'refreshed';
    entry.host = host;
    onCount(before, -1, cause);
    onCount(host, 1, cause);
    return 'moved';
  }

  /** The session was used, wherever it is; one that is not known is at `event.host`. */
  refresh(event: SessionEvent<UpstreamHost>): void {
    const { host } = this.find(event) ?? event;
    this.see({ ...event, host }, 'told');
  }

  /** The session is over, or will be with its last stream. True if it was known. */
  end(id: SessionId, cause: CountCause): boolean {
    const entry = this.#sessions.get(toKey(id));
    if (entry === undefined) return false;
    if (entry.streams > 0) entry.isEnded = true;
    else this.#remove(entry, cause);
    return true;
  }

  /** To be called after `see`. */
  open(id: SessionId): void {
    const entry = this.#sessions.get(toKey(id));
    if (entry === undefined) return;
    entry.streams++;
    this.#streaming.add(entry);
  }

  close(id: SessionId): void {
    const entry = this.#sessions.get(toKey(id));
    if (entry === undefined || entry.streams === 0) return;
    entry.streams--;
    entry.seenSeconds = this.#options.nowSeconds();
    if (entry.streams > 0) return;
    this.#streaming.delete(entry);
    if (entry.isEnded) this.#remove(entry, 'ended');
  }

  isStreaming(id: SessionId): boolean {
    return (this.#sessions.get(toKey(id))?.streams ?? 0) > 0;
  }

  /** Sessions with an open stream. */
  get streaming(): Iterable<LiveSession> {
    return this.#streaming;
  }

  [Symbol.iterator](): IterableIterator<LiveSession> {
    return this.#sessions.values();
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
    for (const entry of this.#sessions.values()) if (isGone(entry.host)) this.#remove(entry, 'gone');
  }

  #isOver(entry: Entry, now: number): boolean {
    return entry.streams === 0 && entry.seenSeconds + entry.windowSeconds <= now;
  }

  #schedule(entry: Entry): void {
    const now = this.#options.nowSeconds();
    const width = Math.max(1, Math.floor(entry.windowSeconds / BUCKETS_PER_WINDOW));
    const due = entry.streams > 0 ? now + entry.windowSeconds : entry.seenSeconds + entry.windowSeconds;
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
    if (this.#sessions.size < this.#options.capacity) return;
    const [oldest] = this.#sessions.values();
    if (oldest === undefined) return;
    this.forgotten++;
    this.#remove(oldest, 'gone');
  }

  #remove(entry: Entry, cause: CountCause): void {
    this.#sessions.delete(toKey(entry));
    this.#streaming.delete(entry);
    this.#unschedule(entry);
    this.#options.onCount(entry.host, -1, cause);
  }
}

function toKey({ hi, lo }: SessionId): number {
  return (hi >>> 0) * 2_097_152 + (lo >>> 11);
}
