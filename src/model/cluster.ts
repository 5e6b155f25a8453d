import type { HashPolicy } from './affinity.ts';
import type { Origin } from './origin.ts';
import type { ClientTls } from './tls.ts';

/** Configured health, in the terms of Envoy's EDS; live checks and ejections come on top at run time. */
export type EndpointHealth = 'unknown' | 'healthy' | 'degraded' | 'draining' | 'unhealthy' | 'timeout';

/** Who the endpoint is, apart from where it is: an address can be reused by another pod, a uid never is. */
export interface EndpointIdentity {
  /** Empty where the source knows none. */
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Endpoint {
  /** Canonical `ip:port` or `[ipv6]:port`; the text that rings, tokens and logs use (envoy-affinity §2.1). A DNS name until resolved. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly identity: EndpointIdentity;
  /** Empty where there is none. */
  readonly hostname: string;
  /** Overrides the address as the host's key in ring and table; empty: not set (envoy-affinity §2.2). */
  readonly hashKey: string;
  /** 0..2^32-1. With 0 the endpoint keeps the sessions it has and takes no new work, not even in panic. */
  readonly weight: number;
  readonly health: EndpointHealth;
  /** Labels that subset selection matches on. */
  readonly labels: Readonly<Record<string, string>>;
  readonly origin: Origin;
}

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export const NO_LOCALITY: Locality = { region: '', zone: '', subZone: '' };

/** The endpoints of one locality at one priority, in the order the source lists them: rings depend on that order (envoy-affinity §3.3). */
export interface EndpointGroup {
  readonly locality: Locality;
  readonly priority: number;
  /** null: no locality weight. */
  readonly weight: number | null;
  readonly endpoints: readonly Endpoint[];
}

/** What ring hash and Maglev share. */
export interface ConsistentHashing {
  readonly useHostname: boolean;
  /** Bounded load: percent of the average load an endpoint may carry; null or 0: off (envoy-affinity §6). */
  readonly balanceFactorPercent: number | null;
  /** When not empty, replaces the route's policies entirely (envoy-affinity §7.3). */
  readonly policies: readonly HashPolicy[];
}

export interface SlowStart {
  readonly windowMillis: number;
  readonly aggression: number;
  readonly minWeightPercent: number;
}

export type Balancer =
  | { readonly kind: 'roundRobin'; readonly slowStart: SlowStart | null }
  | { readonly kind: 'leastRequest'; readonly choiceCount: number; readonly slowStart: SlowStart | null }
  | { readonly kind: 'random' }
  | {
      readonly kind: 'ringHash';
      readonly minimumSize: number;
      readonly maximumSize: number;
      readonly hashFunction: 'xxHash' | 'murmurHash2';
      readonly hashing: ConsistentHashing;
    }
  | { readonly kind: 'maglev'; readonly tableSize: number; readonly hashing: ConsistentHashing };

/** Which endpoints may be chosen at all, before the balancer chooses among them (envoy-affinity §3, §9, §12.2). */
export interface HealthPolicy {
  readonly overprovisioningPercent: number;
  readonly weightedPriorityHealth: boolean;
  /** Below this share of healthy endpoints all of a priority serve; 0 switches panic off. */
  readonly panicThresholdPercent: number;
  readonly localityWeighted: boolean;
  /** Health an endpoint may have to keep serving sessions whose token names it. */
  readonly sessionHealth: readonly EndpointHealth[];
}

export const DEFAULT_HEALTH_POLICY: HealthPolicy = {
  overprovisioningPercent: 140,
  weightedPriorityHealth: false,
  panicThresholdPercent: 50,
  localityWeighted: false,
  sessionHealth: ['unknown', 'healthy', 'degraded'],
};

/** Concurrent limits of a cluster; null: no limit. */
export interface CircuitBreakers {
  readonly maxConnections: number | null;
  readonly maxPendingRequests: number | null;
  readonly maxRequests: number | null;
  readonly maxRetries: number | null;
}

export const NO_CIRCUIT_BREAKERS: CircuitBreakers = {
  maxConnections: null,
  maxPendingRequests: null,
  maxRequests: null,
  maxRetries: null,
};

/** Retries that may run beside the requests that are no retries (Envoy's retry budget). */
export interface RetryBudget {
  readonly percent: number;
  /** So many may always run. */
  readonly minConcurrency: number;
}

export type HealthProbe =
  | {
      readonly kind: 'http';
      readonly path: string;
      /** Empty: the cluster's name. */
      readonly host: string;
      /** Inclusive ranges of statuses that count as healthy. */
      readonly expectedStatuses: readonly (readonly [from: number, to: number])[];
    }
  /** Connecting is enough. */
  | { readonly kind: 'tcp' };

/** An active health check, with Envoy's meaning of the fields. */
export interface HealthCheck {
  readonly probe: HealthProbe;
  readonly timeoutMillis: number;
  readonly intervalMillis: number;
  /** Failures in a row before a host is unhealthy, and successes before it is healthy again. */
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

/** Ejection of hosts that answer badly, with Envoy's meaning of the fields; 0 errors: that detector is off. */
export interface OutlierDetection {
  readonly consecutive5xx: number;
  readonly consecutiveGatewayErrors: number;
  /** Connect failures, time-outs and resets; apart from 5xx only where `splitLocalOrigin`. */
  readonly consecutiveLocalFailures: number;
  readonly splitLocalOrigin: boolean;
  /** Chance in percent that a host which meets a detector's limit is really ejected. */
  readonly enforcing5xxPercent: number;
  readonly enforcingGatewayErrorsPercent: number;
  readonly enforcingLocalFailuresPercent: number;
  /** How often hosts are let back. */
  readonly intervalMillis: number;
  /** Multiplied by the number of times the host has been ejected. */
  readonly baseEjectionMillis: number;
  readonly maxEjectionMillis: number;
  readonly maxEjectionPercent: number;
}

/** Envoy's label subsets: a selector is a set of label keys; a route target names values for them. */
export interface SubsetConfig {
  readonly selectors: readonly (readonly string[])[];
  /** What serves when the target's subset has no endpoint. */
  readonly fallback: 'none' | 'any';
}

/** How the addresses of a cluster's endpoints are found. */
export type Discovery =
  /** They are the ones listed. */
  | { readonly kind: 'listed' }
  /**
   * Hosts that are no IP addresses are names to look up; each address is an endpoint, or all of them are one. They are
   * looked up anew after `refreshMillis`, or when the answer says that it is too old.
   */
  | { readonly kind: 'dns'; readonly everyAddress: boolean; readonly refreshMillis: number }
  /** Each connection goes where it was meant to go before it was redirected to the proxy. */
  | { readonly kind: 'originalDestination' };

/** Probes on idle connections (RFC 1122 §4.2.3.6); null: the system's setting. */
export interface TcpKeepalive {
  readonly probes: number | null;
  readonly idleMillis: number | null;
  readonly intervalMillis: number | null;
}

/** What a cluster's connections are, apart from how endpoints are chosen. */
export interface UpstreamProtocol {
  /** `sameAsClient`: HTTP/2 for requests that came in HTTP/2. */
  readonly http: 'http1' | 'http2' | 'sameAsClient';
  /** Requests that run at once on an HTTP/2 connection; null: the data plane's default. */
  readonly maxConcurrentStreams: number | null;
  /** null: plain text. */
  readonly tls: ClientTls | null;
  /** A PROXY protocol header begins each connection; null: none. */
  readonly proxyHeader: 'v1' | 'v2' | null;
  /** null: none are sent. */
  readonly keepalive: TcpKeepalive | null;
  /** Age at which a connection takes no more requests; null: none. */
  readonly maxDurationMillis: number | null;
  /** What says so; null: nothing, so that it is plain HTTP/1.1. */
  readonly origin: Origin | null;
}

export const PLAIN_HTTP1: UpstreamProtocol = {
  http: 'http1',
  maxConcurrentStreams: null,
  tls: null,
  proxyHeader: null,
  keepalive: null,
  maxDurationMillis: null,
  origin: null,
};

export interface Cluster {
  readonly name: string;
  readonly discovery: Discovery;
  readonly protocol: UpstreamProtocol;
  readonly balancer: Balancer;
  /** What chooses the balancer; null: a default. */
  readonly balancerOrigin: Origin | null;
  readonly groups: readonly EndpointGroup[];
  readonly health: HealthPolicy;
  readonly circuitBreakers: CircuitBreakers;
  /** null: retries are bounded by `circuitBreakers.maxRetries` alone. */
  readonly retryBudget: RetryBudget | null;
  readonly healthChecks: readonly HealthCheck[];
  readonly outlierDetection: OutlierDetection | null;
  readonly subsets: SubsetConfig | null;
  readonly connectTimeoutMillis: number;
  /** Upstream connection idle time before it is closed. */
  readonly idleTimeoutMillis: number;
  /** null: unlimited. */
  readonly maxRequestsPerConnection: number | null;
  readonly origin: Origin;
}
