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
  /** Live sessions, those that other processes of this gateway count included (decision 071). */
  liveSessions: number;
  /** Has far more than its share of live sessions, and keys without a session pass it over (strong/new-session.ts). */
  isCrowded: boolean;
  /** null: the host takes new sessions. */
  drain: HostDrain | null;
}

/** A host that keeps its sessions and takes no new ones. Whoever sets it, selection only reads it. */
export interface HostDrain {
  /** Unix time in whole seconds, which is what sessions go by. */
  readonly startedSeconds: number;
  /** Unix time in whole seconds of an order to drain that sets one; null: the policy's `drainDeadlineMillis` counts from the start. */
  readonly deadlineSeconds: number | null;
  /** `endpoint`: the configuration calls it draining (terminating but serving). `order`: `limpet drain`. */
  readonly by: 'endpoint' | 'order';
}

/**
 * Unix time in whole seconds at which the host's sessions end; null: never. `policyMillis` is how long the policy of a session
 * lets a draining host keep it, which counts where the order says nothing.
 */
export function drainDeadline(drain: HostDrain, policyMillis: number | null): number | null {
  if (drain.deadlineSeconds !== null) return drain.deadlineSeconds;
  return policyMillis === null ? null : Math.ceil(drain.startedSeconds + policyMillis / 1000);
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
