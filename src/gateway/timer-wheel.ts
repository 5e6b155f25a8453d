const SLOTS = 512;
/** Timeouts that fire in one turn of the event loop: when a thousand end together, others' requests go between them. */
const FIRED_PER_TURN = 8;
/** `timerSlot` of an entry without a timeout, and of one whose time has come and that fires as soon as it may. */
const IDLE = -1;
const DUE = -2;

/**
 * Something with at most one pending timeout. The links live in the object itself, so arming and cancelling a timeout
 * allocates nothing: a proxy arms several per request and nearly none of them ever fires.
 */
export abstract class TimerEntry {
  timerNext: TimerEntry | null = null;
  timerPrevious: TimerEntry | null = null;
  timerSlot: number = IDLE;
  timerRounds = 0;

  get isArmed(): boolean {
    return this.timerSlot !== IDLE;
  }

  abstract onTimer(): void;
}

/**
 * A hashed timer wheel: coarse timeouts at O(1) for arm and cancel. A timeout fires between its delay and its delay
 * plus one tick (later where very many end together), and never early, however late the event loop is. The wheel holds
 * one interval while anything is armed and none otherwise.
 */
export class TimerWheel {
  readonly #tickMillis: number;
  readonly #slots: (TimerEntry | null)[] = new Array<TimerEntry | null>(SLOTS).fill(null);
  /** Those whose time has come, in order; also some that were cancelled or armed anew since. */
  #due: TimerEntry[] = [];
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
    if (entry.timerSlot !== IDLE) this.cancel(entry);
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
    if (entry.timerSlot === IDLE) return;
    if (entry.timerSlot !== DUE) this.#unlink(entry);
    entry.timerSlot = IDLE;
    this.#armed--;
  }

  #unlink(entry: TimerEntry): void {
    if (entry.timerPrevious === null) this.#slots[entry.timerSlot] = entry.timerNext;
    else entry.timerPrevious.timerNext = entry.timerNext;
    if (entry.timerNext !== null) entry.timerNext.timerPrevious = entry.timerPrevious;
    entry.timerNext = null;
    entry.timerPrevious = null;
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
    const isFiring = this.#due.length > 0;
    for (let entry = this.#slots[this.#cursor] ?? null, next = entry; entry !== null; entry = next) {
      next = entry.timerNext;
      if (entry.timerRounds > 0) {
        entry.timerRounds--;
        continue;
      }
      this.#unlink(entry);
      entry.timerSlot = DUE;
      this.#due.push(entry);
    }
    if (!isFiring) this.#fire();
  }

  /** An entry that fires may arm or cancel others, also ones that are due. */
  #fire(): void {
    for (const entry of this.#due.splice(0, FIRED_PER_TURN)) {
      if (entry.timerSlot !== DUE) continue;
      this.cancel(entry);
      entry.onTimer();
    }
    if (this.#due.length > 0) setImmediate(() => this.#fire());
  }
}
