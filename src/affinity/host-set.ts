import type { Balancer, Cluster, Locality } from '../model/cluster.ts';
import { toCanonicalJson } from '../model/digest.ts';
import { type BalancerClock, type Chooser, type ClusterLoad, HashChooser, type PickTrace } from './chooser.ts';
import type { HashTable } from './hash-table.ts';
import type { Hash64 } from './hash64.ts';
import type { CoarseHealth, Host, HostState } from './host.ts';
import { createListChooser, effectiveLocalityWeight, type ListBalancer, LocalityChooser } from './list-chooser.ts';
import { compileMaglev } from './maglev-table.ts';
import { choosePriority, computePriorityLoad, type PriorityHealth, type PriorityLoad } from './priority-load.ts';
import { compileRing } from './ring-table.ts';
import { NewSessionChooser, type NewSessionSettings } from './strong/new-session.ts';
import {
  compareLocalities,
  type LocalityHosts,
  type WeightedHosts,
  weighHosts,
  weighHostsByLocality,
} from './weighted-hosts.ts';

type HashBalancer = Extract<Balancer, { kind: 'ringHash' | 'maglev' }>;

/** The hosts of one group of the cluster that belong to the set. */
export interface HostGroup<S extends HostState> {
  readonly locality: Locality;
  readonly priority: number;
  readonly weight: number | null;
  readonly hosts: readonly Host<S>[];
}

interface LevelMembers<S extends HostState> {
  /** In the order of the source. */
  readonly hosts: readonly Host<S>[];
  /** Sorted, one entry per locality. */
  readonly localities: readonly LocalityHosts<S>[];
}

/** One priority: its hosts, and how to choose among them with the health they have now. */
interface Level<S extends HostState> extends LevelMembers<S> {
  healthy: Chooser<S> | null;
  degraded: Chooser<S> | null;
}

const ALL_HEALTH: ReadonlySet<CoarseHealth> = new Set(['healthy', 'degraded', 'unhealthy']);
const HEALTHY_ONLY: ReadonlySet<CoarseHealth> = new Set(['healthy']);
const DEGRADED_ONLY: ReadonlySet<CoarseHealth> = new Set(['degraded']);

/**
 * The hosts that a balancer chooses among: those of a cluster, or of one of its subsets. Tables are built when they are
 * first needed after a change; `warm` builds them ahead of traffic.
 */
export class HostSet<S extends HostState> {
  readonly #cluster: Cluster;
  readonly #load: ClusterLoad;
  readonly #clock: BalancerClock;
  readonly #levels: readonly Level<S>[];
  /** Choosers of the snapshot before, whose tables may fit; dropped once the own ones are built. */
  #previous: readonly (HashChooser<S> | null)[];
  #priorityLoad: PriorityLoad | null = null;
  readonly #newSessions = new Map<string, NewSessionChooser<S>>();
  /** Grows whenever a host's health may have changed. */
  revision = 0;

  constructor(
    cluster: Cluster,
    groups: readonly HostGroup<S>[],
    options: { load: ClusterLoad; clock: BalancerClock; previous: HostSet<S> | null },
  ) {
    this.#cluster = cluster;
    this.#load = options.load;
    this.#clock = options.clock;
    this.#levels = createLevels(groups);
    this.#previous = options.previous === null ? [] : options.previous.#levels.map(hashChooserOf);
  }

  /** Priority loads and tables are made anew before the next pick. */
  healthChanged(): void {
    this.revision++;
    this.#priorityLoad = null;
  }

  get cluster(): Cluster {
    return this.#cluster;
  }

  /** Picks hosts for new sessions; one for all routes that ask for the same, so that they share tables and turns. */
  newSessions(settings: NewSessionSettings): NewSessionChooser<S> {
    const key = toCanonicalJson(settings);
    const known = this.#newSessions.get(key);
    if (known !== undefined) return known;
    const made = new NewSessionChooser(this, settings, this.#clock);
    this.#newSessions.set(key, made);
    return made;
  }

  /** The hosts with weight, by priority. */
  get priorities(): readonly (readonly Host<S>[])[] {
    return this.#levels.map((level) => level.hosts);
  }

  /** Builds what the next pick needs. */
  warm(): void {
    this.#prepare();
  }

  /**
   * A host for the hash, or null if none may serve (503). Balancers that do not hash still use it to choose among
   * priorities; callers without a key pass random bits (envoy-affinity §7.2, §9.6).
   */
  pick(hash: Hash64, attempt: number, trace: PickTrace): Host<S> | null {
    trace.candidates = 0;
    trace.spilled = false;
    const load = this.#priorityLoad ?? this.#prepare();
    if (this.#levels.length === 1 && load.healthy[0] === 100) {
      return this.#levels[0]?.healthy?.choose(hash, attempt, trace) ?? null;
    }
    const priority = choosePriority(load, hash.remainder(100));
    const level = this.#levels[priority < 0 ? -1 - priority : priority];
    const chooser = priority < 0 ? level?.degraded : level?.healthy;
    return chooser?.choose(hash, attempt, trace) ?? null;
  }

  /** The tables per priority, null where the balancer has none; for explain, metrics and tests. */
  hashChoosers(): readonly (HashChooser<S> | null)[] {
    this.#prepare();
    return this.#levels.map(hashChooserOf);
  }

  /** Counts health, spreads the load over priorities and builds their choosers, unless nothing changed. */
  #prepare(): PriorityLoad {
    if (this.#priorityLoad !== null) return this.#priorityLoad;
    const { health } = this.#cluster;
    const serving = leaveOutDrained(this.#levels);
    const counts = serving.map((members) => countHealth(members.hosts, health.weightedPriorityHealth));
    const load = computePriorityLoad(counts, health);
    this.#levels.forEach((level, priority) => {
      this.#compileLevel(level, serving[priority] ?? level, priority, load.panic[priority] === true);
    });
    this.#previous = [];
    this.#priorityLoad = load;
    return load;
  }

  #compileLevel(level: Level<S>, members: LevelMembers<S>, priority: number, inPanic: boolean): void {
    const { balancer } = this.#cluster;
    const usable = inPanic ? ALL_HEALTH : HEALTHY_ONLY;
    if (balancer.kind === 'ringHash' || balancer.kind === 'maglev') {
      const reusable = hashChooserOf(level) ?? this.#previous[priority] ?? null;
      // A degraded load only chooses the priority; its table has healthy hosts alone (§9.6).
      level.healthy = this.#createHashChooser(balancer, members, usable, reusable);
      level.degraded = level.healthy;
    } else {
      level.healthy = this.#createListChooser(balancer, members, usable);
      level.degraded = inPanic ? level.healthy : this.#createListChooser(balancer, members, DEGRADED_ONLY);
    }
  }

  #createHashChooser(
    balancer: HashBalancer,
    members: LevelMembers<S>,
    usable: ReadonlySet<CoarseHealth>,
    reusable: HashChooser<S> | null,
  ): HashChooser<S> {
    const isUsable = (host: Host<S>): boolean => usable.has(host.coarseHealth());
    const weighted = this.#cluster.health.localityWeighted
      ? weighHostsByLocality(members.localities, isUsable)
      : weighHosts(members.hosts.filter(isUsable));
    const fits = reusable !== null && givesSameTable(weighted, reusable.weighted, balancer.hashing.useHostname);
    const table = fits ? reusable.table : compileTable(balancer, weighted);
    return new HashChooser(weighted, table, balancer.hashing.balanceFactorPercent ?? 0, this.#load);
  }

  #createListChooser(balancer: ListBalancer, members: LevelMembers<S>, usable: ReadonlySet<CoarseHealth>): Chooser<S> {
    const { health } = this.#cluster;
    const isUsable = (host: Host<S>): boolean => usable.has(host.coarseHealth());
    if (!health.localityWeighted) return createListChooser(balancer, members.hosts.filter(isUsable), this.#clock);
    const choosers: Chooser<S>[] = [];
    const weights: number[] = [];
    for (const locality of members.localities) {
      const hosts = locality.hosts.filter(isUsable);
      const weight = effectiveLocalityWeight(locality, hosts.length, health.overprovisioningPercent);
      if (weight === 0) continue;
      choosers.push(createListChooser(balancer, hosts, this.#clock));
      weights.push(weight);
    }
    return new LocalityChooser(choosers, weights, this.#clock.random);
  }
}

/** Ring and Maglev see byte strings and weights, and know nothing of hosts. */
function compileTable<S extends HostState>(balancer: HashBalancer, { hosts, weights }: WeightedHosts<S>): HashTable {
  const keys = hosts.map((host) => host.hashKey(balancer.hashing.useHostname));
  return balancer.kind === 'maglev'
    ? compileMaglev(keys, weights, balancer.tableSize)
    : compileRing(keys, weights, balancer);
}

/** The chooser with the table of a level that has one. */
function hashChooserOf<S extends HostState>(level: Level<S>): HashChooser<S> | null {
  return level.healthy instanceof HashChooser ? level.healthy : null;
}

/** True if two lists give one table, the balancer's settings being the same. */
function givesSameTable<S extends HostState>(a: WeightedHosts<S>, b: WeightedHosts<S>, useHostname: boolean): boolean {
  if (a.hosts.length !== b.hosts.length) return false;
  return a.hosts.every(
    (host, index) =>
      a.weights[index] === b.weights[index] &&
      (host === b.hosts[index] || host.hashKey(useHostname) === b.hosts[index]!.hashKey(useHostname)),
  );
}

/**
 * Groups by priority, and within it by locality; a locality that comes twice is one (its last weight counts). Hosts of
 * weight 0 only keep the sessions they have: to balancing they do not exist.
 */
function createLevels<S extends HostState>(groups: readonly HostGroup<S>[]): Level<S>[] {
  const count = groups.reduce((levels, group) => Math.max(levels, group.priority + 1), 1);
  return Array.from({ length: count }, (_, priority): Level<S> => {
    const members = groups
      .filter((group) => group.priority === priority)
      .map((group) => ({ ...group, hosts: group.hosts.filter((host) => host.weight > 0) }));
    const localities = new Map<string, LocalityHosts<S>>();
    for (const group of members) {
      const { region, zone, subZone } = group.locality;
      const key = JSON.stringify([region, zone, subZone]);
      const hosts = [...(localities.get(key)?.hosts ?? []), ...group.hosts];
      localities.set(key, { locality: group.locality, weight: group.weight ?? 0, hosts });
    }
    return {
      hosts: members.flatMap((group) => group.hosts),
      localities: [...localities.values()].sort((a, b) => compareLocalities(a.locality, b.locality)),
      healthy: null,
      degraded: null,
    };
  });
}

/**
 * The levels without the hosts that were ordered to drain: they take no new work, and to balancing they do not exist, so
 * that they drive no priority into panic. Where no other host serves they do.
 */
function leaveOutDrained<S extends HostState>(levels: readonly Level<S>[]): readonly LevelMembers<S>[] {
  const isDrained = (host: Host<S>): boolean => host.state.drain?.by === 'order';
  if (!levels.some(({ hosts }) => hosts.some(isDrained))) return levels;
  const isServing = (host: Host<S>): boolean => !isDrained(host) && host.coarseHealth() !== 'unhealthy';
  if (!levels.some(({ hosts }) => hosts.some(isServing))) return levels;
  const withoutDrained = (hosts: readonly Host<S>[]): readonly Host<S>[] => hosts.filter((host) => !isDrained(host));
  return levels.map(({ hosts, localities }) => ({
    hosts: withoutDrained(hosts),
    localities: localities.map((locality) => ({ ...locality, hosts: withoutDrained(locality.hosts) })),
  }));
}

/** Counts hosts, and, under weighted priority health, weights instead where the load is made from them (envoy-affinity §9.1). */
function countHealth<S extends HostState>(hosts: readonly Host<S>[], byWeight: boolean): PriorityHealth {
  let healthy = 0;
  let degraded = 0;
  let total = 0;
  let healthyHosts = 0;
  let degradedHosts = 0;
  for (const host of hosts) {
    const weight = byWeight ? host.weight : 1;
    const health = host.coarseHealth();
    total += weight;
    if (health === 'healthy') {
      healthy += weight;
      healthyHosts++;
    } else if (health === 'degraded') {
      degraded += weight;
      degradedHosts++;
    }
  }
  return { healthy, degraded, total, healthyHosts, degradedHosts, totalHosts: hosts.length };
}
