import type { HealthClock, HealthTimer } from '../../src/gateway/health/health-clock.ts';

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands until a test moves it. */
export class ManualClock implements HealthClock {
  readonly #alarms = new Set<Alarm>();
  #now = 0;
  #order = 0;

  now(): number {
    return this.#now;
  }

  after(delayMillis: number, run: () => void): HealthTimer {
    const alarm = { at: this.#now + delayMillis, order: this.#order++, run };
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  /** Alarms that are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Lets `millis` pass: what falls due runs in order, each at its own time. */
  advance(millis: number): void {
    const end = this.#now + millis;
    for (;;) {
      const due = [...this.#alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#alarms.delete(due);
      this.#now = due.at;
      due.run();
    }
    // What ran may have moved the clock itself.
    this.#now = Math.max(this.#now, end);
  }
}
