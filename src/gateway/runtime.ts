import { ClientAddressResolver } from '../affinity/client-address.ts';
import { createClusterBalancer } from '../affinity/cluster-balancer.ts';
import type { SessionTokens } from '../affinity/token/session-tokens.ts';
import type { Cluster } from '../model/cluster.ts';
import { type HttpProxy, type Listener, plainHttpProxy } from '../model/listener.ts';
import type { Snapshot } from '../model/model.ts';
import { compileHosts, type HostMatcher } from '../routing/routing.ts';
import { CircuitBreaker, hasLimits } from './circuit-breaker.ts';
import { ClusterStats } from './cluster-stats.ts';
import { type CompiledRoute, compileRoute, type RuntimeCluster } from './compiled-route.ts';
import { servedPart } from './unserved.ts';
import { type UpstreamHost, UpstreamHosts } from './upstream-host.ts';

/** A listener of a snapshot, compiled. */
export interface RuntimeListener {
  readonly listener: Listener;
  readonly matcher: HostMatcher<CompiledRoute>;
  readonly clientAddress: ClientAddressResolver;
}

/** A snapshot in the form that serves requests. Swapped as one; what is in flight goes on with the one it began with. */
export interface Runtime {
  readonly snapshot: Snapshot;
  readonly listeners: readonly RuntimeListener[];
  readonly clusters: ReadonlyMap<string, RuntimeCluster>;
}

/** Compiles snapshots; keeps what outlives them: hosts with their connections, limits with what they count, and counters. */
export class RuntimeCompiler {
  readonly hosts: UpstreamHosts = new UpstreamHosts();
  readonly #stats = new Map<string, ClusterStats>();
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #random: () => number;
  readonly #sessionTokens: SessionTokens;

  constructor(random: () => number, sessionTokens: SessionTokens) {
    this.#random = random;
    this.#sessionTokens = sessionTokens;
  }

  /** Work done here is work that no request waits for: tables are built before the runtime is served. */
  compile(snapshot: Snapshot, previous: Runtime | null): Runtime {
    const clusters = new Map<string, RuntimeCluster>();
    for (const cluster of snapshot.model.clusters) {
      clusters.set(cluster.name, this.#compileCluster(servedPart(cluster), previous?.clusters.get(cluster.name)));
    }
    const listeners = snapshot.model.listeners.flatMap((listener) => {
      const proxy = plainHttpProxy(listener);
      return proxy === null ? [] : [this.#compileListener(listener, proxy, clusters)];
    });
    for (const { balancer } of clusters.values()) balancer.warm();
    return { snapshot, listeners, clusters };
  }

  /** To be called when `runtime` serves: forgets hosts and counters of clusters that are gone. */
  retain(runtime: Runtime): void {
    this.hosts.retain(
      (cluster, address) => runtime.clusters.get(cluster)?.balancer.hostByAddress(address) !== undefined,
    );
    for (const name of this.#stats.keys()) if (!runtime.clusters.has(name)) this.#stats.delete(name);
    for (const name of this.#breakers.keys()) if (!runtime.clusters.has(name)) this.#breakers.delete(name);
  }

  #compileListener(
    listener: Listener,
    proxy: HttpProxy,
    clusters: ReadonlyMap<string, RuntimeCluster>,
  ): RuntimeListener {
    return {
      listener,
      clientAddress: new ClientAddressResolver(listener.clientAddress),
      matcher: compileHosts(proxy, (route, host) =>
        compileRoute(route, host, {
          clusterOf: (name) => clusters.get(name),
          clientAddress: listener.clientAddress,
          serverHeader: listener.serverHeader,
          sessionTokens: this.#sessionTokens,
        }),
      ),
    };
  }

  #compileCluster(cluster: Cluster, previous: RuntimeCluster | undefined): RuntimeCluster {
    let stats = this.#stats.get(cluster.name);
    if (stats === undefined) {
      stats = new ClusterStats();
      this.#stats.set(cluster.name, stats);
    }
    const balancer = createClusterBalancer<UpstreamHost>(cluster, {
      stateFor: (endpoint) => this.hosts.hostFor(cluster.name, endpoint),
      random: this.#random,
      nowMillis: () => performance.now(),
      nowSeconds: () => Date.now() / 1000,
      previous: previous?.balancer,
    });
    return { balancer, stats, breaker: this.#breakerOf(cluster) };
  }

  #breakerOf({ name, circuitBreakers, retryBudget }: Cluster): CircuitBreaker | null {
    if (retryBudget === null && !hasLimits(circuitBreakers)) return null;
    const known = this.#breakers.get(name);
    if (known !== undefined) {
      known.update(circuitBreakers, retryBudget);
      return known;
    }
    const breaker = new CircuitBreaker(circuitBreakers, retryBudget);
    this.#breakers.set(name, breaker);
    return breaker;
  }
}
