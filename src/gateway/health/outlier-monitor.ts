import type { OutlierDetection } from '../../model/cluster.ts';

/** A detector of consecutive errors, by Envoy's names. */
export type OutlierReason = 'consecutive_5xx' | 'consecutive_gateway_failure' | 'consecutive_local_origin_failure';

/** What a monitor needs of the cluster's detector. */
export interface OutlierListener {
  /** The detector's present settings; a reload may change them. */
  readonly settings: OutlierDetection;
  /** A limit was met just now. */
  onOutlier(monitor: OutlierMonitor, reason: OutlierReason): void;
}

/**
 * Counts the consecutive errors of one host, attempt by attempt, as Envoy does: a counter that meets its limit reports
 * once and goes on; a limit of 0 is never met. This is on the path of every attempt, so it is nothing but counters.
 */
export class OutlierMonitor {
  readonly #listener: OutlierListener;
  #errors5xx = 0;
  #gatewayErrors = 0;
  #localFailures = 0;

  constructor(listener: OutlierListener) {
    this.#listener = listener;
  }

  /** The host sent a final response. */
  onStatus(status: number): void {
    if (status < 500 || status > 599) {
      this.#errors5xx = 0;
      this.#gatewayErrors = 0;
      return;
    }
    const { settings } = this.#listener;
    if (status >= 502 && status <= 504) {
      if (++this.#gatewayErrors === settings.consecutiveGatewayErrors) this.#report('consecutive_gateway_failure');
    } else {
      this.#gatewayErrors = 0;
    }
    if (++this.#errors5xx === settings.consecutive5xx) this.#report('consecutive_5xx');
  }

  /** An attempt has a connection, new or kept. */
  onConnected(): void {
    // Without the split a connection says nothing: what counts is the answer that follows.
    if (this.#listener.settings.splitLocalOrigin) this.#localFailures = 0;
  }

  /** An attempt was refused, reset or broke the protocol. */
  onLocalFailure(): void {
    this.#onLocalOrigin(503);
  }

  /** An attempt had no response in its time. */
  onTimeout(): void {
    this.#onLocalOrigin(504);
  }

  reset(reason: OutlierReason): void {
    if (reason === 'consecutive_5xx') this.#errors5xx = 0;
    else if (reason === 'consecutive_gateway_failure') this.#gatewayErrors = 0;
    else this.#localFailures = 0;
  }

  /** Without the split a failure on the way counts as the status that the client would get for it. */
  #onLocalOrigin(status: number): void {
    const { settings } = this.#listener;
    if (!settings.splitLocalOrigin) this.onStatus(status);
    else if (++this.#localFailures === settings.consecutiveLocalFailures) {
      this.#report('consecutive_local_origin_failure');
    }
  }

  #report(reason: OutlierReason): void {
    this.#listener.onOutlier(this, reason);
  }
}
