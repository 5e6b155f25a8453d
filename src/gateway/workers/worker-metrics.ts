import type { MetricFamily } from '../../telemetry/metric-samples.ts';
import { MetricSums } from '../../telemetry/metric-sums.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Gateway } from '../gateway.ts';
import { ACTIVE_CONNECTIONS, ACTIVE_REQUESTS, UPSTREAM_REQUESTS } from '../gateway-metrics.ts';
import type { WorkerView } from './worker-pool.ts';

/** The workers' metrics as one, offered to a registry and to the mirror that views and `explain` read. */
export class WorkerMetrics {
  readonly #metrics: Metrics;
  readonly #mirror: Gateway;
  readonly #sums = new MetricSums();
  readonly #families = new Map<string, MetricFamily>();
  readonly #registered = new Set<string>();

  constructor(metrics: Metrics, mirror: Gateway, workers: () => readonly WorkerView[]) {
    this.#metrics = metrics;
    this.#mirror = mirror;
    metrics.gauge('limpet_worker_up', 'Whether a worker serves', ['worker'], (emit) => {
      for (const { worker, isServing } of workers()) emit(isServing ? 1 : 0, String(worker));
    });
    metrics.counter('limpet_worker_restarts_total', 'Workers that ended and were replaced', ['worker'], (emit) => {
      for (const { worker, restarts } of workers()) emit(restarts, String(worker));
    });
  }

  /** Takes what the worker with this process id says of itself. */
  update(reports: ReadonlyMap<number, readonly MetricFamily[]>): void {
    for (const [pid, families] of reports) this.#sums.update(pid, families);
    this.#publish();
  }

  onExit(pid: number): void {
    this.#sums.end(pid);
    this.#publish();
  }

  /** Forgets what ended workers said of listeners, clusters and endpoints that are gone. */
  prune(): void {
    const { hosts, runtime } = this.#mirror;
    const listeners = new Set(this.#mirror.listeners.map(({ name }) => name));
    this.#sums.prune((labels, values) => {
      const labelled = (label: string): string | undefined => values[labels.indexOf(label)];
      const [listener, cluster, address] = [labelled('listener'), labelled('cluster'), labelled('upstream_addr')];
      if (listener !== undefined && !listeners.has(listener)) return false;
      if (cluster === undefined) return true;
      return address === undefined
        ? runtime?.clusters.has(cluster) === true
        : hosts.find(cluster, address) !== undefined;
    });
  }

  #publish(): void {
    this.#families.clear();
    for (const family of this.#sums.sums()) {
      this.#families.set(family.name, family);
      this.#register(family);
    }
    this.#copyLoads();
  }

  #register({ kind, name, help, labels }: MetricFamily): void {
    if (this.#registered.has(name)) return;
    this.#registered.add(name);
    this.#metrics[kind](name, help, labels, (emit) => {
      for (const { value, labelValues } of this.#families.get(name)?.samples ?? []) emit(value, ...labelValues);
    });
  }

  #copyLoads(): void {
    for (const { balancer } of this.#mirror.runtime?.clusters.values() ?? []) balancer.activeRequests = 0;
    this.#eachHost(ACTIVE_REQUESTS, (cluster, address, value) => {
      const host = this.#mirror.hosts.find(cluster, address);
      const balancer = this.#mirror.runtime?.clusters.get(cluster)?.balancer;
      if (host !== undefined) host.activeRequests = value;
      if (balancer !== undefined) balancer.activeRequests += value;
    });
    this.#eachHost(UPSTREAM_REQUESTS, (cluster, address, value) => {
      const host = this.#mirror.hosts.find(cluster, address);
      if (host !== undefined) host.requests = value;
    });
    const connections = new Map(
      this.#families.get(ACTIVE_CONNECTIONS)?.samples.map(({ labelValues, value }) => [labelValues[0], value]),
    );
    for (const { name, stats } of this.#mirror.gatewayListeners) stats.activeConnections = connections.get(name) ?? 0;
  }

  #eachHost(metric: string, visit: (cluster: string, address: string, value: number) => void): void {
    for (const { labelValues, value } of this.#families.get(metric)?.samples ?? []) {
      const [cluster = '', address = ''] = labelValues;
      visit(cluster, address, value);
    }
  }
}
