import { toByteString } from '../model/byte-string.ts';
import type { Endpoint, EndpointHealth } from '../model/cluster.ts';

/** Live state of one upstream address, owned by the data plane and shared by all snapshots. */
export interface HostState {
  activeRequests: number;
  failedActiveCheck: boolean;
  degradedActiveCheck: boolean;
  /** By outlier detection. */
  ejected: boolean;
  /** When the host was added, or later passed its active check again, on the clock of the balancer's `nowMillis`. */
  healthySinceMillis: number;
}

/** How a balancer sees a host; what Envoy calls coarse health. */
export type CoarseHealth = 'healthy' | 'degraded' | 'unhealthy';

/** One endpoint of one snapshot, with the state that outlives the snapshot. */
export class Host<S extends HostState = HostState> {
  readonly endpoint: Endpoint;
  readonly state: S;
  readonly priority: number;
  /** Place in the cluster's list of hosts. */
  readonly index: number;
  /** `ip:port` or `[ipv6]:port`: what tokens and logs name the host by. */
  readonly address: string;
  readonly weight: number;

  constructor(endpoint: Endpoint, state: S, priority: number, index: number) {
    this.endpoint = endpoint;
    this.state = state;
    this.priority = priority;
    this.index = index;
    this.address = endpoint.address;
    this.weight = endpoint.weight;
  }

  /** The host's key in rings and tables, as a byte string (envoy-affinity §2.2). */
  hashKey(useHostname: boolean): string {
    if (this.endpoint.hashKey !== '') return toByteString(this.endpoint.hashKey);
    return toByteString(useHostname ? this.endpoint.hostname : this.address);
  }

  /** Health as balancers count it (envoy-affinity §3.1). */
  coarseHealth(): CoarseHealth {
    const { state } = this;
    if (state.failedActiveCheck || state.ejected) return 'unhealthy';
    switch (this.endpoint.health) {
      case 'unhealthy':
      case 'draining':
      case 'timeout':
        return 'unhealthy';
      case 'degraded':
        return 'degraded';
      case 'healthy':
      case 'unknown':
        return state.degradedActiveCheck ? 'degraded' : 'healthy';
    }
  }

  /** Health as sessions are held to: finer than the balancers' (envoy-affinity §12.2). */
  sessionHealth(): EndpointHealth {
    const { state } = this;
    const configured = this.endpoint.health;
    if (state.failedActiveCheck || state.ejected) return 'unhealthy';
    if (configured === 'unhealthy' || configured === 'draining' || configured === 'timeout') return configured;
    return state.degradedActiveCheck ? 'degraded' : configured;
  }
}

/** True if the endpoint has all these labels. */
export function hasLabels(endpoint: Endpoint, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => endpoint.labels[key] === value);
}
