import { toByteString } from '../../model/byte-string.ts';
import type { NewSessions, StrongSession } from '../../model/strong-session.ts';
import type { BalancerClock } from '../chooser.ts';
import { EdfSchedule } from '../edf-schedule.ts';
import type { HashTable } from '../hash-table.ts';
import type { Hash64 } from '../hash64.ts';
import type { Host, HostState } from '../host.ts';
import type { HostSet } from '../host-set.ts';
import { compileMaglev } from '../maglev-table.ts';
import { RendezvousSeat, rendezvousValue } from '../rendezvous.ts';
import { compileRing } from '../ring-table.ts';
import { SlowStartRamp } from '../slow-start.ts';
import { weighHosts } from '../weighted-hosts.ts';
import { identityOf } from './endpoint-identity.ts';
import { findNewWork } from './new-work.ts';

/** Under leastSessions: above so many times the average of live sessions, and so many more at least, a host is crowded. */
const CROWDED = { factor: 1.5, slack: 10 };
/** A crowded one stays so above this. Rebalancing by default ends below it, so that all gateways come to agree again. */
const STILL_CROWDED = { factor: 1.3, slack: 6 };

export type NewSessionSettings = Pick<
  StrongSession,
  'newSessions' | 'maxSessionsPerEndpoint' | 'slowStart' | 'identity'
>;

/** How a pick came about, for the decision record. */
export interface NewSessionTrace {
  candidates: number;
  /** The key's own host was full, or above the bound. */
  spilled: boolean;
}

interface Seat<S extends HostState> {
  readonly host: Host<S>;
  readonly rendezvous: RendezvousSeat;
}

/** Hosts that are not to be picked; a few at most. */
export type Excluded<S extends HostState> = readonly Host<S>[];
const NONE: readonly never[] = [];

/** Picks hosts for sessions that have none. One for the same settings and hosts, of all routes of a snapshot. */
export class NewSessionChooser<S extends HostState> {
  readonly #hosts: HostSet<S>;
  readonly #settings: NewSessionSettings;
  readonly #random: () => number;
  readonly #ramp: SlowStartRamp | null;
  readonly #cap: number;
  #revision = -1;
  #seats: readonly Seat<S>[] = [];
  #candidates: readonly Host<S>[] = [];
  #table: HashTable | null = null;
  #rotation: EdfSchedule | null = null;

  constructor(hosts: HostSet<S>, settings: NewSessionSettings, clock: BalancerClock) {
    this.#hosts = hosts;
    this.#settings = settings;
    this.#random = clock.random;
    this.#ramp = settings.slowStart === null ? null : new SlowStartRamp(settings.slowStart, clock.nowMillis);
    this.#cap = settings.maxSessionsPerEndpoint ?? Number.POSITIVE_INFINITY;
  }

  /** The hosts that take new work now. */
  get candidates(): readonly Host<S>[] {
    if (this.#revision !== this.#hosts.revision) this.#refresh();
    return this.#candidates;
  }

  /** The host that a key names; the same in every process with the same hosts. null: nobody takes new work. */
  pickByKey(key: Hash64, trace: NewSessionTrace, excluded: Excluded<S> = NONE): Host<S> | null {
    this.#begin(trace);
    this.#judgeCrowding();
    const owner = this.#ownerOf(key, excluded, isAny);
    if (owner === null || this.#hasRoom(owner)) return owner;
    // A crowded host is better than one at its cap. Where all are full, the key's own is as good as any, and the same in
    // every process.
    const host = this.#ownerOf(key, excluded, this.#hasRoom) ?? this.#ownerOf(key, excluded, this.#isBelowCap) ?? owner;
    trace.spilled = host !== owner;
    return host;
  }

  /** A host for a session that has no key. */
  pick(random: Hash64, trace: NewSessionTrace, excluded: Excluded<S> = NONE): Host<S> | null {
    const { kind } = this.#settings.newSessions;
    if (kind === 'leastSessions') {
      this.#begin(trace);
      return (
        this.#leastLoaded(random, excluded, this.#cap) ?? this.#leastLoaded(random, excluded, Number.POSITIVE_INFINITY)
      );
    }
    if (kind === 'roundRobin') {
      this.#begin(trace);
      return this.#nextInTurn(excluded, this.#cap) ?? this.#nextInTurn(excluded, Number.POSITIVE_INFINITY);
    }
    return this.pickByKey(random, trace, excluded);
  }

  #begin(trace: NewSessionTrace): void {
    trace.candidates = this.candidates.length;
    trace.spilled = false;
  }

  #refresh(): void {
    const hosts = this.#hosts;
    const { identity, newSessions } = this.#settings;
    const found = findNewWork(hosts.priorities, hosts.cluster.health.panicThresholdPercent > 0);
    const nameOf = (host: Host<S>): string => toByteString(identityOf(host.endpoint, identity).text);
    const named = found.map((host) => ({ host, name: nameOf(host) }));
    // Every gateway must have one order, whatever order its source lists the endpoints in.
    named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const candidates = named.map(({ host }) => host);
    const names = named.map(({ name }) => name);
    this.#candidates = candidates;
    this.#seats = named.map(({ host, name }) => ({ host, rendezvous: new RendezvousSeat(name) }));
    this.#table = compileTable(newSessions, names, candidates);
    const weightAt = (index: number): number => this.#weight(candidates[index] as Host<S>);
    this.#rotation = new EdfSchedule(candidates.length, weightAt, this.#random);
    this.#revision = hosts.revision;
  }

  /** The key's most preferred host among those that have room. */
  #ownerOf(key: Hash64, excluded: Excluded<S>, mayHave: (host: Host<S>) => boolean): Host<S> | null {
    const first = this.#table === null ? null : this.#candidates[this.#table.lookup(key, 0)];
    if (first && mayHave(first) && !excluded.includes(first)) return first;
    let best: Host<S> | null = null;
    let bestValue = -1;
    for (const { host, rendezvous } of this.#seats) {
      const value = rendezvousValue(key, rendezvous, this.#weight(host));
      if (value <= bestValue || !mayHave(host) || excluded.includes(host)) continue;
      best = host;
      bestValue = value;
    }
    return best;
  }

  readonly #hasRoom = ({ state }: Host<S>): boolean => {
    const isCrowded = state.isCrowded && this.#settings.newSessions.kind === 'leastSessions';
    return !isCrowded && state.liveSessions < this.#cap;
  };

  readonly #isBelowCap = ({ state }: Host<S>): boolean => state.liveSessions < this.#cap;

  /**
   * With one bound for becoming crowded and for staying so, keys would go to and fro while a host's load lies there, and
   * gateways, whose counts differ a little, would disagree on them.
   */
  #judgeCrowding(): void {
    const seats = this.#seats;
    if (this.#settings.newSessions.kind !== 'leastSessions') return;
    let sessions = 0;
    let weight = 0;
    for (const { host } of seats) {
      sessions += host.state.liveSessions;
      weight += host.weight;
    }
    const above = ({ factor, slack }: typeof CROWDED): number =>
      Math.max((sessions * factor) / weight, (sessions + slack * seats.length) / weight);
    const crowded = above(CROWDED);
    const stillCrowded = above(STILL_CROWDED);
    for (const { host } of seats) {
      const { state } = host;
      const bound = (state.isCrowded ? stillCrowded : crowded) * host.weight;
      state.isCrowded = seats.length > 1 && state.liveSessions > bound;
    }
  }

  #weight(host: Host<S>): number {
    return this.#ramp === null ? host.weight : host.weight * this.#ramp.factor(host);
  }

  /** Of equals one at random, so that processes that don't know each other's newest sessions do not march in step. */
  #leastLoaded(random: Hash64, excluded: Excluded<S>, cap: number): Host<S> | null {
    const hosts = this.#candidates;
    const start = hosts.length === 0 ? 0 : random.remainder(hosts.length);
    let best: Host<S> | null = null;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let i = 0; i < hosts.length; i++) {
      const host = hosts[(start + i) % hosts.length] as Host<S>;
      const load = (host.state.liveSessions + 1) / this.#weight(host);
      if (load >= bestLoad || host.state.liveSessions >= cap || excluded.includes(host)) continue;
      best = host;
      bestLoad = load;
    }
    return best;
  }

  #nextInTurn(excluded: Excluded<S>, cap: number): Host<S> | null {
    // The heaviest may come up several times before the lightest does.
    for (let i = 4 * this.#candidates.length; i > 0; i--) {
      const host = this.#candidates[this.#rotation?.next() ?? -1];
      if (host !== undefined && host.state.liveSessions < cap && !excluded.includes(host)) return host;
    }
    return this.#candidates.find((host) => host.state.liveSessions < cap && !excluded.includes(host)) ?? null;
  }
}

function compileTable<S extends HostState>(
  newSessions: NewSessions,
  names: readonly string[],
  hosts: readonly Host<S>[],
): HashTable | null {
  if (newSessions.kind === 'ringHash') {
    return compileRing(names, weighHosts(hosts).weights, { ...newSessions, hashFunction: 'xxHash' });
  }
  return newSessions.kind === 'maglev' ? compileMaglev(names, weighHosts(hosts).weights, newSessions.tableSize) : null;
}

function isAny(): boolean {
  return true;
}
