/** One slot a second: what was taken longer ago than a minute counts no more. */
const SECONDS = 60;

interface Minute {
  readonly taken: number[];
  sum: number;
  /** The last second that `taken` knows of. */
  second: number;
}

/** The moves that policies make: who asks it first makes no more than so many within any minute. */
export class MoveBudget {
  readonly #nowSeconds: () => number;
  readonly #minutes = new Map<string, Minute>();

  constructor(nowSeconds: () => number) {
    this.#nowSeconds = nowSeconds;
  }

  take(policy: string, maxPerMinute: number): boolean {
    if (this.left(policy, maxPerMinute) <= 0) return false;
    this.count(policy);
    return true;
  }

  /** Moves that the policy may still make now. */
  left(policy: string, maxPerMinute: number): number {
    return Math.max(0, maxPerMinute - this.#minuteOf(policy).sum);
  }

  /** A move was made. */
  count(policy: string): void {
    const minute = this.#minuteOf(policy);
    const slot = minute.second % SECONDS;
    minute.taken[slot] = (minute.taken[slot] ?? 0) + 1;
    minute.sum++;
  }

  #minuteOf(policy: string): Minute {
    const now = Math.floor(this.#nowSeconds());
    let minute = this.#minutes.get(policy);
    if (minute === undefined) {
      this.#forgetUnused(now);
      minute = { taken: new Array<number>(SECONDS).fill(0), sum: 0, second: now };
      this.#minutes.set(policy, minute);
    }
    for (let passed = Math.min(now - minute.second, SECONDS); passed > 0; passed--) {
      const slot = (now - passed + 1) % SECONDS;
      minute.sum -= minute.taken[slot] ?? 0;
      minute.taken[slot] = 0;
    }
    minute.second = Math.max(minute.second, now);
    return minute;
  }

  /** Policies come and go with the configuration. */
  #forgetUnused(now: number): void {
    for (const [policy, { second }] of this.#minutes) if (now - second > SECONDS) this.#minutes.delete(policy);
  }
}
