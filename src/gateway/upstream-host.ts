import type { HostDrain, HostState } from '../affinity/host.ts';
import type { Endpoint } from '../model/cluster.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { OutlierMonitor } from './health/outlier-monitor.ts';
import type { UpstreamConnection, UpstreamFailure } from './upstream-connection.ts';

/** A host of a cluster, as processes name it to one another. */
export interface HostName {
  readonly cluster: string;
  readonly address: string;
}

/**
 * The live side of one upstream address within one cluster: load, health and connections. It outlives snapshots, so
 * that a reload neither closes connections nor forgets what was learnt about a pod.
 */
export class UpstreamHost implements HostState {
  readonly cluster: string;
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly pool: ConnectionPool<UpstreamConnection> = new ConnectionPool();
  activeRequests = 0;
  failedActiveCheck = false;
  degradedActiveCheck = false;
  ejected = false;
  liveSessions = 0;
  isCrowded = false;
  drain: HostDrain | null = null;
  healthySinceMillis: number = performance.now();
  /** null: no outlier detection watches the host. */
  outlier: OutlierMonitor | null = null;
  /** Open or being opened, busy or idle. */
  connections = 0;
  requests = 0;
  connectFailures = 0;

  constructor(cluster: string, endpoint: Endpoint) {
    this.cluster = cluster;
    this.address = endpoint.address;
    this.host = endpoint.host;
    this.port = endpoint.port;
  }

  /** An attempt came to nothing. The end of a kept connection says nothing about the pod. */
  countFailure(failure: UpstreamFailure): void {
    if (failure === 'connect-refused' || failure === 'connect-timeout') this.connectFailures++;
    if (failure !== 'stale') this.outlier?.onLocalFailure();
  }
}

/** All upstream hosts by cluster name and address. */
export class UpstreamHosts {
  readonly #clusters = new Map<string, Map<string, UpstreamHost>>();

  hostFor(cluster: string, endpoint: Endpoint): UpstreamHost {
    let hosts = this.#clusters.get(cluster);
    if (hosts === undefined) {
      hosts = new Map();
      this.#clusters.set(cluster, hosts);
    }
    let host = hosts.get(endpoint.address);
    if (host === undefined) {
      host = new UpstreamHost(cluster, endpoint);
      hosts.set(endpoint.address, host);
    }
    return host;
  }

  find(cluster: string, address: string): UpstreamHost | undefined {
    return this.#clusters.get(cluster)?.get(address);
  }

  /** Forgets the hosts that no snapshot names any more; their idle connections close, busy ones finish first. */
  retain(isNamed: (cluster: string, address: string) => boolean): void {
    for (const [cluster, hosts] of this.#clusters) {
      for (const [address, host] of hosts) {
        if (isNamed(cluster, address)) continue;
        host.pool.close();
        hosts.delete(address);
      }
      if (hosts.size === 0) this.#clusters.delete(cluster);
    }
  }

  *[Symbol.iterator](): IterableIterator<readonly [cluster: string, host: UpstreamHost]> {
    for (const [cluster, hosts] of this.#clusters) {
      for (const host of hosts.values()) yield [cluster, host];
    }
  }
}
