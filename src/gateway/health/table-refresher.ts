import type { HealthClock, HealthTimer } from './health-clock.ts';

/** The tables of a cluster. */
export interface HealthTables {
  /** Makes the tables anew with the health that hosts have now. */
  refresh(): void;
}

/** Building may take this share of the time at most. */
const SHARE_OF_TIME = 0.1;

/** However long a build took, a change of health never waits longer than this for the next one. */
const MAX_WAIT_MILLIS = 2_000;

/**
 * Makes a cluster's tables anew after changes of health: on a turn of the event loop of its own, so that no request
 * pays for it, and once for all changes of that turn. A large table that took long to build waits before it is built
 * again, however often hosts come and go.
 */
export class TableRefresher {
  readonly #clock: HealthClock;
  readonly #tables: HealthTables;
  #timer: HealthTimer | null = null;
  #notBefore = 0;

  constructor(clock: HealthClock, tables: HealthTables) {
    this.#clock = clock;
    this.#tables = tables;
  }

  /** A host's health changed. */
  changed(): void {
    const delayMillis = Math.max(0, this.#notBefore - this.#clock.now());
    this.#timer ??= this.#clock.after(delayMillis, () => this.#refresh());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #refresh(): void {
    this.#timer = null;
    const start = this.#clock.now();
    this.#tables.refresh();
    const end = this.#clock.now();
    this.#notBefore = end + Math.min((end - start) * (1 / SHARE_OF_TIME - 1), MAX_WAIT_MILLIS);
  }
}
