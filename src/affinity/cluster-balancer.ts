import type { Cluster, Endpoint, EndpointHealth } from '../model/cluster.ts';
import { toCanonicalJson } from '../model/digest.ts';
import type { BalancerClock, ClusterLoad } from './chooser.ts';
import { Host, type HostState, hasLabels } from './host.ts';
import { type HostGroup, HostSet } from './host-set.ts';
import { IdentityIndex } from './strong/endpoint-identity.ts';

export interface ClusterBalancerOptions<S extends HostState> {
  /** The state that the data plane keeps for an endpoint across snapshots. */
  readonly stateFor: (endpoint: Endpoint) => S;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** For slow start: milliseconds that only ever grow; without it no host is ever new. */
  readonly nowMillis?: () => number;
  /** Unix time; without it no drain comes to its deadline. */
  readonly nowSeconds?: () => number;
  /** The balancer of the same cluster in the snapshot before: its request count and unchanged tables are kept. */
  readonly previous?: ClusterBalancer<S> | undefined;
}

/** A cluster's hosts and the tables to choose among them; one per cluster and snapshot. */
export class ClusterBalancer<S extends HostState> {
  readonly cluster: Cluster;
  /** All groups one after the other, in the order of the source. */
  readonly hosts: readonly Host<S>[];
  readonly #groups: readonly HostGroup<S>[];
  readonly #byAddress: ReadonlyMap<string, Host<S>>;
  readonly #sessionHealth: ReadonlySet<EndpointHealth>;
  readonly #clock: BalancerClock;
  readonly #nowSeconds: () => number;
  readonly #load: ClusterLoad;
  readonly #all: HostSet<S>;
  #identities: IdentityIndex<S> | null = null;
  readonly #subsets = new Map<string, HostSet<S> | null>();

  constructor(cluster: Cluster, options: ClusterBalancerOptions<S>) {
    const { previous } = options;
    this.cluster = cluster;
    this.#clock = { random: options.random, nowMillis: options.nowMillis ?? ((): number => Number.POSITIVE_INFINITY) };
    this.#nowSeconds = options.nowSeconds ?? ((): number => Number.NEGATIVE_INFINITY);
    this.#load = previous === undefined ? { activeRequests: 0 } : previous.#load;
    this.#sessionHealth = new Set(cluster.health.sessionHealth);
    const hosts: Host<S>[] = [];
    this.#groups = cluster.groups.map((group) => {
      const start = hosts.length;
      for (const endpoint of group.endpoints) {
        hosts.push(new Host(endpoint, options.stateFor(endpoint), group.priority, hosts.length));
      }
      return { locality: group.locality, priority: group.priority, weight: group.weight, hosts: hosts.slice(start) };
    });
    this.hosts = hosts;
    const byAddress = new Map<string, Host<S>>();
    for (const host of hosts) if (!byAddress.has(host.address)) byAddress.set(host.address, host);
    this.#byAddress = byAddress;
    const reusable = previous !== undefined && hasSameBalancer(previous.cluster, cluster) ? previous.#all : null;
    this.#all = new HostSet(cluster, this.#groups, { load: this.#load, clock: this.#clock, previous: reusable });
  }

  /** The hosts by what sealed tokens name them by. */
  get identities(): IdentityIndex<S> {
    this.#identities ??= new IdentityIndex(this.hosts);
    return this.#identities;
  }

  /** Requests in flight to the cluster, whichever snapshot they began with; the data plane counts them. */
  get activeRequests(): number {
    return this.#load.activeRequests;
  }

  set activeRequests(count: number) {
    this.#load.activeRequests = count;
  }

  /** True if the request's hash policies have a say. */
  get hashes(): boolean {
    return this.cluster.balancer.kind === 'ringHash' || this.cluster.balancer.kind === 'maglev';
  }

  /** The host with exactly this address text, of any priority, locality and health (envoy-affinity §12.1). */
  hostByAddress(text: string): Host<S> | undefined {
    return this.#byAddress.get(text);
  }

  /** True if a session may go on at the host (envoy-affinity §12.2): also while it drains, up to the order's deadline. */
  mayKeepSession(host: Host<S>): boolean {
    const { drain } = host.state;
    if (drain?.by === 'order' && drain.deadlineSeconds !== null && this.#nowSeconds() >= drain.deadlineSeconds) {
      return false;
    }
    return this.#sessionHealth.has(host.sessionHealth());
  }

  /** To be called after any change of a host's live flags; the next pick sees it. */
  healthChanged(): void {
    this.#all.healthChanged();
    for (const subset of this.#subsets.values()) subset?.healthChanged();
  }

  /** Builds the tables now, so that the first request does not have to. */
  warm(): void {
    this.#all.warm();
    for (const subset of this.#subsets.values()) subset?.warm();
  }

  /**
   * The hosts that serve a route target: all of them for null, otherwise the subset with these labels, or what the
   * cluster's fallback says if no selector has just these keys or no host these values. null: nothing serves (503).
   */
  hostSet(labels: Readonly<Record<string, string>> | null): HostSet<S> | null {
    const { subsets } = this.cluster;
    if (labels === null) return this.#all;
    const selectors = subsets?.selectors ?? [];
    const keys = Object.keys(labels).sort();
    const isSelector = (selector: readonly string[]): boolean =>
      selector.length === keys.length && [...selector].sort().every((key, index) => key === keys[index]);
    if (keys.length > 0 && selectors.some(isSelector)) {
      const subset = this.#subset(labels);
      if (subset !== null) return subset;
    }
    return subsets?.fallback === 'none' ? null : this.#all;
  }

  #subset(labels: Readonly<Record<string, string>>): HostSet<S> | null {
    const key = toCanonicalJson(labels);
    const known = this.#subsets.get(key);
    if (known !== undefined) return known;
    const groups = this.#groups
      .map((group) => ({ ...group, hosts: group.hosts.filter((host) => hasLabels(host.endpoint, labels)) }))
      .filter((group) => group.hosts.length > 0);
    const subset =
      groups.length === 0
        ? null
        : new HostSet(this.cluster, groups, { load: this.#load, clock: this.#clock, previous: null });
    this.#subsets.set(key, subset);
    return subset;
  }
}

export function createClusterBalancer<S extends HostState>(
  cluster: Cluster,
  options: ClusterBalancerOptions<S>,
): ClusterBalancer<S> {
  return new ClusterBalancer(cluster, options);
}

/** True if tables of one can serve the other, given the same hosts. */
function hasSameBalancer(a: Cluster, b: Cluster): boolean {
  return toCanonicalJson(a.balancer) === toCanonicalJson(b.balancer);
}
