import type { CircuitBreaker } from './circuit-breaker.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamHost } from './upstream-host.ts';

/** Whoever wants to send a request to a cluster with limits. */
export interface AdmissionOwner {
  /** Opens a connection. */
  connect(host: UpstreamHost): UpstreamConnection;
  /** The attempt may go out over `connection`. */
  onAdmitted(connection: UpstreamConnection): void;
  /** The attempt waits for a connection; false: it would rather be refused. */
  onWait(): boolean;
  /** The cluster takes no more (Envoy's flag UO). */
  onOverflow(): void;
}

/**
 * One attempt's way past its cluster's circuit breaker. One object serves all attempts of its owner, one at a time:
 * ```
 *        enter                  connection free, or room for one
 * [none] -----> [waiting] ------------------------------------+
 *    |  |                                                      v
 *    |  +--- room for a connection -----> [connecting] --> [active] --- end ---> [none]
 *    +------ kept connection --------------------------------^
 * ```
 */
export class Admission {
  readonly #owner: AdmissionOwner;
  #state: 'none' | 'waiting' | 'connecting' | 'active' = 'none';
  #breaker: CircuitBreaker | null = null;
  #host: UpstreamHost | null = null;

  constructor(owner: AdmissionOwner) {
    this.#owner = owner;
  }

  /**
   * Ends in one of the owner's callbacks, at once or, after `onWait`, later. `isFresh`: rather over a new connection than over
   * a kept one.
   */
  enter(breaker: CircuitBreaker, host: UpstreamHost, isFresh: boolean): void {
    this.#breaker = breaker;
    this.#host = host;
    const maySkipKept = isFresh && breaker.mayPend() && breaker.mayConnect(host);
    if (host.pool.idleCount > 0 && !maySkipKept) this.takeKept();
    else if (!breaker.mayPend()) this.#owner.onOverflow();
    else if (breaker.mayConnect(host)) this.connect();
    else if (this.#owner.onWait()) {
      this.#state = 'waiting';
      breaker.enqueue(this, host);
    } else {
      this.#owner.onOverflow();
    }
  }

  /** Goes out over a connection that is idle. */
  takeKept(): void {
    if (!this.#leaveQueue()) return;
    const host = this.#host as UpstreamHost;
    this.#state = 'active';
    this.#owner.onAdmitted(host.pool.take() ?? this.#owner.connect(host));
  }

  /** Goes out over a connection of its own. */
  connect(): void {
    if (!this.#leaveQueue()) return;
    this.#state = 'connecting';
    this.#breaker?.beginConnecting();
    this.#owner.onAdmitted(this.#owner.connect(this.#host as UpstreamHost));
  }

  /** The connection that was opened for the attempt stands. */
  connected(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'active';
    this.#breaker?.endConnecting();
  }

  /** The attempt is over, however it went, or its owner waits no longer. */
  end(): void {
    const state = this.#state;
    const host = this.#host as UpstreamHost;
    if (state === 'none') return;
    this.#state = 'none';
    if (state === 'waiting') {
      this.#breaker?.dequeue(this, host);
      return;
    }
    if (state === 'connecting') this.#breaker?.endConnecting();
    this.#breaker?.endRequest(host);
  }

  /** Counted in, the attempt has left the queue; otherwise it is refused, and false is returned. */
  #leaveQueue(): boolean {
    const breaker = this.#breaker as CircuitBreaker;
    if (this.#state === 'waiting') breaker.dequeue(this, this.#host as UpstreamHost);
    this.#state = 'none';
    if (breaker.tryRequest()) return true;
    this.#owner.onOverflow();
    return false;
  }
}
