import { createTrim } from '../v8-heap.ts';

/** Between two collections; one takes some 50 ms of a process that no request waits for. */
const TRIM_MILLIS = 10_000;

/**
 * Gives memory back some time after a configuration was read. V8 lets a heap grow by 100 MiB and more before it collects
 * what readings have left, and never returns the space for new objects to a process that goes on allocating a little: that
 * looks like a leak, and is of no use in a process that only reads configuration (decision 027).
 */
export class HeapTrimmer implements Disposable {
  readonly #trim: () => void;
  readonly #delayMillis: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(trim: () => void = createTrim(), delayMillis: number = TRIM_MILLIS) {
    this.#trim = trim;
    this.#delayMillis = delayMillis;
  }

  /** Something was read. Calls until the collection share it. */
  request(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#trim();
    }, this.#delayMillis);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
