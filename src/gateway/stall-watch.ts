import type { GatewayLimits } from './limits.ts';
import { TimerEntry, type TimerWheel } from './timer-wheel.ts';

/** Who makes no headway: the client sending its request, the client reading its response, or both sides. */
export type Stall = 'request' | 'reader' | 'idle';

export interface StallOwner {
  /** Bytes written to the client that the kernel has not taken yet. */
  readonly pendingBytes: number;
  onStall(stall: Stall): void;
}

/** Not watched. */
const OFF = -1;

/**
 * Looks now and then whether a connection's exchange makes headway. Bytes are only counted as they pass; a timeout that
 * comes looks at the counts and is armed again, so that no byte that passes costs a timer. What is too slow is found
 * between one and two of its times after it has become so. A connection has one, made when it first has to wait.
 */
export class StallWatch extends TimerEntry {
  readonly #limits: GatewayLimits;
  readonly #timers: TimerWheel;
  readonly #owner: StallOwner;
  #due = 0;

  /** The client has to send: since when, and what has come since then. */
  #bodySince = OFF;
  #bodyBytes = 0;
  #bodyDeadline = Number.POSITIVE_INFINITY;
  /** The client has to read: since when, and what waited for it then. */
  #readSince = OFF;
  #waitingBytes = 0;
  #idleMillis = 0;
  #lastByteAt = 0;

  constructor(limits: GatewayLimits, timers: TimerWheel, owner: StallOwner) {
    super();
    this.#limits = limits;
    this.#timers = timers;
    this.#owner = owner;
  }

  get isBodyAwaited(): boolean {
    return this.#bodySince !== OFF;
  }

  /** The client has to send more of its request, by `deadline` (of performance.now()) all of it. */
  awaitBody(deadline: number): void {
    if (this.isBodyAwaited) return;
    const now = performance.now();
    this.#bodySince = now;
    this.#bodyBytes = 0;
    this.#bodyDeadline = deadline;
    if (this.#limits.bodyIdleMillis > 0) this.#lookBy(now, now + this.#limits.bodyIdleMillis);
    if (deadline < Number.POSITIVE_INFINITY) this.#lookBy(now, deadline);
  }

  onBody(bytes: number): void {
    this.#bodyBytes += bytes;
  }

  /** The body is here, or is not asked for now. */
  holdBody(): void {
    this.#bodySince = OFF;
  }

  /** The client has to read what was written before more is. */
  awaitReader(): void {
    if (this.#readSince !== OFF || this.#limits.writeStallMillis === 0) return;
    const now = performance.now();
    this.#readSince = now;
    this.#waitingBytes = this.#owner.pendingBytes;
    this.#lookBy(now, now + this.#limits.writeStallMillis);
  }

  onDrain(): void {
    this.#readSince = OFF;
  }

  /** From here on `touch` has to be called at least every `millis`. */
  awaitTraffic(millis: number): void {
    const now = performance.now();
    this.#idleMillis = millis;
    this.#lastByteAt = now;
    this.#lookBy(now, now + millis);
  }

  /** A byte has passed. */
  touch(): void {
    if (this.#idleMillis > 0) this.#lastByteAt = performance.now();
  }

  /** The exchange is over; its last bytes may still wait for the client. */
  endExchange(): void {
    this.#bodySince = OFF;
    this.#idleMillis = 0;
  }

  end(): void {
    this.endExchange();
    this.#readSince = OFF;
    this.#timers.cancel(this);
  }

  override onTimer(): void {
    const now = performance.now();
    const stall = this.#findStall(now);
    if (stall !== null) {
      this.#owner.onStall(stall);
      return;
    }
    const { bodyIdleMillis, writeStallMillis } = this.#limits;
    let due = Number.POSITIVE_INFINITY;
    if (this.isBodyAwaited) {
      if (bodyIdleMillis > 0) due = this.#bodySince + bodyIdleMillis;
      due = Math.min(due, this.#bodyDeadline);
    }
    if (this.#readSince !== OFF) due = Math.min(due, this.#readSince + writeStallMillis);
    if (this.#idleMillis > 0) due = Math.min(due, this.#lastByteAt + this.#idleMillis);
    if (due < Number.POSITIVE_INFINITY) this.#lookBy(now, due);
  }

  /** Where a time is over and enough has passed in it, the next one begins. */
  #findStall(now: number): Stall | null {
    const { bodyIdleMillis, writeStallMillis } = this.#limits;
    if (this.isBodyAwaited) {
      if (now >= this.#bodyDeadline) return 'request';
      const millis = now - this.#bodySince;
      if (bodyIdleMillis > 0 && millis >= bodyIdleMillis) {
        if (this.#isTooSlow(this.#bodyBytes, millis)) return 'request';
        this.#bodySince = now;
        this.#bodyBytes = 0;
      }
    }
    if (this.#readSince !== OFF) {
      const millis = now - this.#readSince;
      if (millis >= writeStallMillis) {
        const pending = this.#owner.pendingBytes;
        if (this.#isTooSlow(this.#waitingBytes - pending, millis)) return 'reader';
        this.#readSince = now;
        this.#waitingBytes = pending;
      }
    }
    return this.#idleMillis > 0 && now - this.#lastByteAt >= this.#idleMillis ? 'idle' : null;
  }

  #isTooSlow(bytes: number, millis: number): boolean {
    return bytes <= 0 || bytes < (this.#limits.minBytesPerSecond * millis) / 1000;
  }

  #lookBy(now: number, due: number): void {
    if (this.isArmed && this.#due <= due) return;
    this.#due = due;
    this.#timers.arm(this, Math.max(0, due - now));
  }
}
