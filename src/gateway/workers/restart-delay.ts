/** A worker that lived this long had nothing wrong with it from the start. */
const STABLE_MILLIS = 5_000;
const FIRST_DELAY_MILLIS = 100;
const MAX_DELAY_MILLIS = 10_000;

/**
 * When a worker's successor may start: at once, but one that keeps dying within seconds is given more and more time, so
 * that it does not eat the machine. It never gives up: the cause may pass.
 */
export class RestartDelay {
  #delayMillis = 0;
  #hasFailed = false;

  /** Milliseconds to wait after a worker that lived for `livedMillis`. */
  next(livedMillis: number): number {
    if (livedMillis >= STABLE_MILLIS) {
      this.#hasFailed = false;
      this.#delayMillis = 0;
    } else if (this.#hasFailed) {
      this.#delayMillis = Math.min(Math.max(FIRST_DELAY_MILLIS, this.#delayMillis * 2), MAX_DELAY_MILLIS);
    } else {
      this.#hasFailed = true;
    }
    return this.#delayMillis;
  }
}
