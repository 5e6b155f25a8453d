import type { MinimalMoves } from '../model/strong-session.ts';
import type { ClusterBalancer } from './cluster-balancer.ts';
import { Hash64 } from './hash64.ts';
import { drainDeadline, type Host, type HostState } from './host.ts';
import type { HostSet } from './host-set.ts';
import type { SelectionEnvironment } from './selection.ts';
import type { SessionEvent } from './session-ledger.ts';
import type { Excluded, NewSessionChooser, NewSessionTrace } from './strong/new-session.ts';
import { isDraining, isServing } from './strong/new-work.ts';
import { xxHash64 } from './xx-hash.ts';

/**
 * The owners of a target's keys where affinity by hash is to move as few of them as possible. A key's owner is the
 * first host of its rendezvous order over pod identities, so that a change of endpoints moves no key between pods that
 * stay. A key that is in use stays even where another pod owns it now, until it has been idle for long enough: the
 * ledger knows the place of each key in use, and all processes of a gateway know the same places (decision 076).
 */
export class KeyOwners<S extends HostState> {
  readonly #chooser: NewSessionChooser<S>;
  readonly #hosts: ReadonlyMap<HostState, Host<S>>;
  readonly #seed: Hash64;
  readonly #windowSeconds: number;
  /** The key in hand, told apart from the same key of other services; a pick never waits. */
  readonly #id = new Hash64();

  constructor({ identity, idleMillis }: MinimalMoves, balancer: ClusterBalancer<S>, hosts: HostSet<S>) {
    const newSessions = { kind: 'rendezvous' } as const;
    this.#chooser = hosts.newSessions({ newSessions, identity, maxSessionsPerEndpoint: null, slowStart: null });
    this.#hosts = new Map(hosts.priorities.flat().map((host) => [host.state, host]));
    this.#seed = xxHash64(balancer.cluster.name, new Hash64());
    this.#windowSeconds = Math.ceil(idleMillis / 1000);
  }

  /** The host of the key, which counts as used by that; null: no host may serve. */
  pick(key: Hash64, environment: SelectionEnvironment, trace: NewSessionTrace): Host<S> | null {
    const { ledger } = environment;
    this.#id.copy(key).xor(this.#seed);
    const id = { hi: this.#id.hi >>> 0, lo: this.#id.lo >>> 0 };
    const place = ledger.placeOf(id);
    const known = place === null ? undefined : this.#hosts.get(place);
    let host: Host<S> | null;
    if (known !== undefined && this.#mayStay(known, environment.nowSeconds)) {
      trace.candidates = this.#chooser.candidates.length;
      trace.spilled = false;
      host = known;
    } else {
      host = this.#chooser.pickByKey(key, trace);
    }
    if (host !== null) ledger.seen(this.eventFor(key, host));
    return host;
  }

  /** Another host for an attempt after others; the key stays where it is. */
  pickAgain(key: Hash64, trace: NewSessionTrace, tried: Excluded<S>): Host<S> | null {
    return this.#chooser.pickByKey(key, trace, tried);
  }

  eventFor(key: Hash64, { state }: Host<S>): SessionEvent<S> {
    this.#id.copy(key).xor(this.#seed);
    const { hi, lo } = this.#id;
    return { hi: hi >>> 0, lo: lo >>> 0, host: state, windowSeconds: this.#windowSeconds, isKey: true };
  }

  #mayStay(host: Host<S>, nowSeconds: () => number): boolean {
    if (!isServing(host)) return false;
    if (!isDraining(host)) return true;
    const { drain } = host.state;
    const deadline = drain === null ? null : drainDeadline(drain, null);
    return deadline === null || nowSeconds() < deadline;
  }
}
