import type { HealthCheck } from '../../model/cluster.ts';
import type { HealthClock, HealthTimer } from './health-clock.ts';
import type { ProbeResult, ProbeRunner, RunningProbe } from './probe.ts';
import type { ProbeSlots } from './probe-slots.ts';

/** A first check waits up to a tenth of the interval, but never longer than this: hosts that wait for it serve nothing. */
const MAX_FIRST_DELAY_MILLIS = 250;

/** What all checks share. */
export interface CheckEnvironment {
  readonly clock: HealthClock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly slots: ProbeSlots;
  readonly runProbe: ProbeRunner;
}

export interface CheckTarget {
  readonly host: string;
  readonly port: number;
  /** Host header where the probe names none. */
  readonly authority: string;
}

/**
 * One health check of one host, again and again, with Envoy's rules: the first result decides at once; after that so
 * many failures or successes in a row as the thresholds say, but a host that answers with another status than expected
 * is unhealthy at once. Chart: docs/lifecycle.md.
 */
export class HostCheck {
  readonly #check: HealthCheck;
  readonly #target: CheckTarget;
  readonly #environment: CheckEnvironment;
  readonly #onResult: (result: ProbeResult) => void;
  readonly #start: () => void = () => this.#probe();
  #isFirst = true;
  #healthy: boolean;
  #degraded = false;
  #successes = 0;
  #failures = 0;
  #timer: HealthTimer | null;
  #running: RunningProbe | null = null;

  /** Starts to check; `healthy` is what the host counts as until the first result. `onResult` follows each probe. */
  constructor(
    check: HealthCheck,
    target: CheckTarget,
    healthy: boolean,
    environment: CheckEnvironment,
    onResult: (result: ProbeResult) => void,
  ) {
    this.#check = check;
    this.#target = target;
    this.#healthy = healthy;
    this.#environment = environment;
    this.#onResult = onResult;
    const firstDelay = environment.random() * Math.min(check.intervalMillis / 10, MAX_FIRST_DELAY_MILLIS);
    this.#timer = environment.clock.after(firstDelay, () => this.#takeTurn());
  }

  get isHealthy(): boolean {
    return this.#healthy;
  }

  get isDegraded(): boolean {
    return this.#degraded;
  }

  close(): void {
    const { slots } = this.#environment;
    this.#timer?.cancel();
    this.#timer = null;
    slots.withdraw(this.#start);
    if (this.#running === null) return;
    this.#running.cancel();
    this.#running = null;
    slots.release();
  }

  #takeTurn(): void {
    this.#timer = null;
    this.#environment.slots.acquire(this.#start);
  }

  #probe(): void {
    const { clock, slots, runProbe } = this.#environment;
    const target = { ...this.#target, timeoutMillis: this.#check.timeoutMillis };
    this.#running = runProbe(this.#check.probe, target, clock, (result) => {
      this.#running = null;
      this.#timer = clock.after(this.#check.intervalMillis, () => this.#takeTurn());
      this.#take(result);
      slots.release();
      this.#onResult(result);
    });
  }

  #take(result: ProbeResult): void {
    if (result.kind === 'passed') {
      this.#failures = 0;
      this.#degraded = result.degraded;
      if (!this.#healthy && (this.#isFirst || ++this.#successes >= this.#check.healthyThreshold)) this.#healthy = true;
    } else {
      this.#successes = 0;
      // An answer that says no is meant; silence may be the network's.
      const isCertain = this.#isFirst || result.kind === 'refused';
      if (this.#healthy && (isCertain || ++this.#failures >= this.#check.unhealthyThreshold)) this.#healthy = false;
    }
    if (this.#healthy) this.#successes = 0;
    else this.#failures = 0;
    this.#isFirst = false;
  }
}
