const SLOTS = 512;

/**
 * Something with at most one pending timeout. The links live in the object itself, so arming and cancelling a timeout
 * allocates nothing: a proxy arms several per request and nearly none of them ever fires.
 */
export abstract class TimerEntry {
  timerNext: TimerEntry | null = null;
  timerPrevious: TimerEntry | null = null;
  timerSlot = -1;
  timerRounds = 0;

  abstract onTimer(): void;
}

/**
 * A hashed timer wheel: coarse timeouts at O(1) for arm and cancel. A timeout fires between its delay and its delay
 * plus one tick, and never early, however late the event loop is. The wheel holds one interval while anything is armed
 * and none otherwise.
 */
export class TimerWheel {
  readonly #tickMillis: number;
  readonly #slots: (TimerEntry | null)[] = new Array<TimerEntry | null>(SLOTS).fill(null);
  #cursor = 0;
  #armed = 0;
  #interval: NodeJS.Timeout | null = null;
  /** When the cursor's slot was due. */
  #lastTick = 0;

  constructor(tickMillis = 50) {
    this.#tickMillis = tickMillis;
  }

  /** Arms `entry`, replacing a timeout it already has. */
  arm(entry: TimerEntry, delayMillis: number): void {
    if (entry.timerSlot >= 0) this.cancel(entry);
    const now = performance.now();
    if (this.#interval === null) this.#start(now);
    // The cursor stands where it was at the last tick, which can be long ago when the event loop was busy: counted from
    // there, a timeout would fire early by as much.
    const ticks = Math.max(1, Math.ceil((now - this.#lastTick + delayMillis) / this.#tickMillis));
    const slot = (this.#cursor + ticks) % SLOTS;
    entry.timerRounds = Math.floor((ticks - 1) / SLOTS);
    entry.timerSlot = slot;
    const first = this.#slots[slot] ?? null;
    entry.timerNext = first;
    entry.timerPrevious = null;
    if (first !== null) first.timerPrevious = entry;
    this.#slots[slot] = entry;
    this.#armed++;
  }

  cancel(entry: TimerEntry): void {
    if (entry.timerSlot < 0) return;
    if (entry.timerPrevious === null) this.#slots[entry.timerSlot] = entry.timerNext;
    else entry.timerPrevious.timerNext = entry.timerNext;
    if (entry.timerNext !== null) entry.timerNext.timerPrevious = entry.timerPrevious;
    entry.timerNext = null;
    entry.timerPrevious = null;
    entry.timerSlot = -1;
    this.#armed--;
  }

  close(): void {
    if (this.#interval !== null) clearInterval(this.#interval);
    this.#interval = null;
  }

  #start(now: number): void {
    this.#lastTick = now;
    this.#interval = setInterval(() => this.#catchUp(), this.#tickMillis);
    this.#interval.unref();
  }

  /** Runs every tick that has passed: a busy event loop must not stretch timeouts by more than its own delay. */
  #catchUp(): void {
    const due = Math.floor((performance.now() - this.#lastTick) / this.#tickMillis);
    this.#lastTick += due * this.#tickMillis;
    for (let i = 0; i < due && this.#armed > 0; i++) this.#tick();
    if (this.#armed === 0) this.close();
  }

  #tick(): void {
    this.#cursor = (this.#cursor + 1) % SLOTS;
    // An entry that fires may arm or cancel others, also ones of this slot: detach those that are due before any of them runs.
    const due: TimerEntry[] = [];
    for (let entry = this.#slots[this.#cursor] ?? null; entry !== null; entry = entry.timerNext) {
      if (entry.timerRounds > 0) entry.timerRounds--;
      else due.push(entry);
    }
    for (const entry of due) {
      if (entry.timerSlot !== this.#cursor || entry.timerRounds > 0) continue;
      this.cancel(entry);
      entry.onTimer();
    }
  }
}
