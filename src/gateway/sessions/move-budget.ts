/** One slot a second: what was taken longer ago than a minute counts no more. */
const SECONDS = 60;

interface Minute {
  readonly taken: number[];
  sum: number;
  /** The last second that `taken` knows of. */
  second: number;
}

/** A process's share of the moves that policies may make: never more than that within any minute. */
export class MoveBudget {
  readonly #share: { readonly index: number; readonly count: number };
  readonly #nowSeconds: () => number;
  readonly #minutes = new Map<string, Minute>();

  /** When what another process has taken of the share counts no more. */
  readonly #freeFrom: number;

  /** This process is number `index` (from 0) of `count` that share. For `usedSeconds` from now the share is used up. */
  constructor(
    share: { readonly index: number; readonly count: number },
    nowSeconds: () => number,
    usedSeconds: number = 0,
  ) {
    this.#share = share;
    this.#nowSeconds = nowSeconds;
    this.#freeFrom = nowSeconds() + usedSeconds;
  }

  take(policy: string, maxPerMinute: number): boolean {
    if (this.#nowSeconds() < this.#freeFrom) return false;
    const { index, count } = this.#share;
    const limit = Math.floor(maxPerMinute / count) + (index < maxPerMinute % count ? 1 : 0);
    const minute = this.#minuteOf(policy);
    if (minute.sum >= limit) return false;
    const slot = minute.second % SECONDS;
    minute.taken[slot] = (minute.taken[slot] ?? 0) + 1;
    minute.sum++;
    return true;
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
