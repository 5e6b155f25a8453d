import type { SlowStart } from '../model/cluster.ts';
import type { Host, HostState } from './host.ts';

/**
 * Lowers the weight of hosts that are new, or that an active check has only now found healthy, so that their share
 * grows over a window of time (Envoy's slow start). Ejected hosts that return are not new.
 */
export class SlowStartRamp {
  readonly #windowMillis: number;
  readonly #exponent: number;
  readonly #least: number;
  readonly #nowMillis: () => number;

  constructor(settings: SlowStart, nowMillis: () => number) {
    this.#windowMillis = settings.windowMillis;
    // An aggression that is no positive number counts as 1, as in Envoy.
    this.#exponent = settings.aggression > 0 ? 1 / settings.aggression : 1;
    this.#least = settings.minWeightPercent / 100;
    this.#nowMillis = nowMillis;
  }

  /** Share of its weight that a host has now: `max((elapsed / window)^(1 / aggression), least)`; 1 outside the window. */
  factor<S extends HostState>(host: Host<S>): number {
    const elapsed = this.#nowMillis() - host.state.healthySinceMillis;
    if (elapsed >= this.#windowMillis || host.coarseHealth() !== 'healthy') return 1;
    const share = Math.max(1, elapsed) / this.#windowMillis;
    return Math.max(this.#exponent === 1 ? share : share ** this.#exponent, this.#least);
  }

  isUnderWay<S extends HostState>(hosts: readonly Host<S>[]): boolean {
    const start = this.#nowMillis() - this.#windowMillis;
    return hosts.some((host) => host.state.healthySinceMillis > start && host.coarseHealth() === 'healthy');
  }
}
