import { TimerEntry } from './timer-wheel.ts';

/** A timeout for an object that has more than one: made once, armed again and again. */
export class Deadline extends TimerEntry {
  readonly #expire: () => void;

  constructor(expire: () => void) {
    super();
    this.#expire = expire;
  }

  override onTimer(): void {
    this.#expire();
  }
}
