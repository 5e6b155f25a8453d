import type { Balancer, SlowStart } from '../model/cluster.ts';
import type { BalancerClock, Chooser, PickTrace } from './chooser.ts';
import { EdfSchedule } from './edf-schedule.ts';
import type { Hash64 } from './hash64.ts';
import type { Host, HostState } from './host.ts';
import { SlowStartRamp } from './slow-start.ts';
import type { LocalityHosts } from './weighted-hosts.ts';

/** Balancers that go through a list of hosts and have no use for a hash. */
export type ListBalancer = Exclude<Balancer, { kind: 'ringHash' | 'maglev' }>;

/** Any host, whatever its weight, as Envoy's RANDOM does. */
class RandomChooser<S extends HostState> implements Chooser<S> {
  readonly #hosts: readonly Host<S>[];
  readonly #random: () => number;

  constructor(hosts: readonly Host<S>[], random: () => number) {
    this.#hosts = hosts;
    this.#random = random;
  }

  choose(_hash: Hash64, _attempt: number, trace: PickTrace): Host<S> | null {
    trace.candidates = this.#hosts.length;
    return this.#hosts[Math.floor(this.#random() * this.#hosts.length)] ?? null;
  }
}

/** Equal weights: one after the other, from a random start, so that processes do not march in step. */
class RoundRobinChooser<S extends HostState> implements Chooser<S> {
  readonly #hosts: readonly Host<S>[];
  #next: number;

  constructor(hosts: readonly Host<S>[], random: () => number) {
    this.#hosts = hosts;
    this.#next = Math.floor(random() * hosts.length);
  }

  choose(_hash: Hash64, _attempt: number, trace: PickTrace): Host<S> | null {
    trace.candidates = this.#hosts.length;
    if (this.#hosts.length === 0) return null;
    if (this.#next >= this.#hosts.length) this.#next = 0;
    return this.#hosts[this.#next++]!;
  }
}

/** Of `choiceCount` hosts drawn at random the one with the fewest requests in flight. */
class LeastRequestChooser<S extends HostState> implements Chooser<S> {
  readonly #hosts: readonly Host<S>[];
  readonly #choiceCount: number;
  readonly #random: () => number;

  constructor(hosts: readonly Host<S>[], choiceCount: number, random: () => number) {
    this.#hosts = hosts;
    this.#choiceCount = choiceCount;
    this.#random = random;
  }

  choose(_hash: Hash64, _attempt: number, trace: PickTrace): Host<S> | null {
    const hosts = this.#hosts;
    trace.candidates = hosts.length;
    let best: Host<S> | null = null;
    for (let i = 0; i < this.#choiceCount; i++) {
      const drawn = hosts[Math.floor(this.#random() * hosts.length)];
      if (drawn === undefined) return null;
      if (best === null || drawn.state.activeRequests < best.state.activeRequests) best = drawn;
    }
    return best;
  }
}

/** Weighted round robin, and, with a weight that falls with the load, weighted least request. */
class ScheduledChooser<S extends HostState> implements Chooser<S> {
  readonly #hosts: readonly Host<S>[];
  readonly #schedule: EdfSchedule;

  constructor(hosts: readonly Host<S>[], weightOf: (host: Host<S>) => number, random: () => number) {
    this.#hosts = hosts;
    this.#schedule = new EdfSchedule(hosts.length, (index) => weightOf(hosts[index]!), random);
  }

  choose(_hash: Hash64, _attempt: number, trace: PickTrace): Host<S> | null {
    trace.candidates = this.#hosts.length;
    return this.#hosts[this.#schedule.next()] ?? null;
  }
}

/** A locality in proportion to its weight, then a host of it. */
export class LocalityChooser<S extends HostState> implements Chooser<S> {
  readonly #choosers: readonly Chooser<S>[];
  readonly #schedule: EdfSchedule;

  constructor(choosers: readonly Chooser<S>[], weights: readonly number[], random: () => number) {
    this.#choosers = choosers;
    this.#schedule = new EdfSchedule(choosers.length, (index) => weights[index]!, random);
  }

  choose(hash: Hash64, attempt: number, trace: PickTrace): Host<S> | null {
    return this.#choosers[this.#schedule.next()]?.choose(hash, attempt, trace) ?? null;
  }
}

/** The chooser of a balancer that has no use for a hash. */
export function createListChooser<S extends HostState>(
  balancer: ListBalancer,
  hosts: readonly Host<S>[],
  clock: BalancerClock,
): Chooser<S> {
  const { random } = clock;
  if (balancer.kind === 'random') return new RandomChooser(hosts, random);
  const ramp = rampOver(balancer.slowStart, hosts, clock);
  const isEven = ramp === null && hosts.every((host) => host.weight === hosts[0]?.weight);
  if (balancer.kind === 'roundRobin') {
    if (isEven) return new RoundRobinChooser(hosts, random);
    return new ScheduledChooser(hosts, (host) => host.weight * (ramp?.factor(host) ?? 1), random);
  }
  if (isEven) return new LeastRequestChooser(hosts, balancer.choiceCount, random);
  return new ScheduledChooser(
    hosts,
    (host) => (host.weight / (host.state.activeRequests + 1)) * (ramp?.factor(host) ?? 1),
    random,
  );
}

/** null: every host has its full weight already; a chooser made later looks again. */
function rampOver<S extends HostState>(
  slowStart: SlowStart | null,
  hosts: readonly Host<S>[],
  clock: BalancerClock,
): SlowStartRamp | null {
  if (slowStart === null || slowStart.windowMillis <= 0) return null;
  const ramp = new SlowStartRamp(slowStart, clock.nowMillis);
  return ramp.isUnderWay(hosts) ? ramp : null;
}

/**
 * Weights of localities for balancers without a hash: lowered with the share of usable hosts, after
 * overprovisioning (Envoy's locality weighted balancing).
 */
export function effectiveLocalityWeight<S extends HostState>(
  locality: LocalityHosts<S>,
  usable: number,
  overprovisioningPercent: number,
): number {
  if (locality.hosts.length === 0) return 0;
  const availability = (usable / locality.hosts.length) * (overprovisioningPercent / 100);
  return locality.weight * Math.min(1, availability);
}
