/** Time for detectors and checks, so that tests can move it. */
export interface HealthClock {
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Calls `run` once, not before `delayMillis` have passed; the timer keeps no process alive. */
  after(delayMillis: number, run: () => void): HealthTimer;
}

export interface HealthTimer {
  cancel(): void;
}

/** Longest delay that Node's timers take. */
const MAX_DELAY_MILLIS = 2_147_483_647;

export const SYSTEM_CLOCK: HealthClock = {
  now: () => performance.now(),
  after: (delayMillis, run) => {
    const timer = setTimeout(run, Math.min(delayMillis, MAX_DELAY_MILLIS)).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
