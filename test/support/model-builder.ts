import { formatAddress } from '../../src/model/address.ts';
import { type Affinity, NO_AFFINITY } from '../../src/model/affinity.ts';
import {
  type Cluster,
  DEFAULT_HEALTH_POLICY,
  type Endpoint,
  NO_CIRCUIT_BREAKERS,
  NO_LOCALITY,
  PLAIN_HTTP1,
} from '../../src/model/cluster.ts';
import type { Listener } from '../../src/model/listener.ts';
import type { Model, Snapshot } from '../../src/model/model.ts';
import type { Origin } from '../../src/model/origin.ts';
import { type ForwardAction, NO_HEADER_OPS, type RetryPolicy, type Route } from '../../src/model/route.ts';

const ORIGIN: Origin = {
  source: 'test.yaml',
  kind: 'Test',
  namespace: 'default',
  name: 'test',
  line: 1,
  column: 1,
  field: '',
};

export interface TestAddress {
  readonly host: string;
  readonly port: number;
}

export function buildEndpoint({ host, port }: TestAddress, overrides: Partial<Endpoint> = {}): Endpoint {
  return {
    address: formatAddress(host, port),
    host,
    port,
    identity: { uid: '', namespace: 'default', name: `pod-${port}` },
    hostname: '',
    hashKey: '',
    weight: 1,
    health: 'healthy',
    labels: {},
    origin: ORIGIN,
    ...overrides,
  };
}

export function buildCluster(name: string, endpoints: readonly Endpoint[], overrides: Partial<Cluster> = {}): Cluster {
  return {
    name,
    discovery: { kind: 'listed' },
    protocol: PLAIN_HTTP1,
    balancer: { kind: 'roundRobin', slowStart: null },
    balancerOrigin: null,
    groups: [{ locality: NO_LOCALITY, priority: 0, weight: null, endpoints }],
    health: DEFAULT_HEALTH_POLICY,
    circuitBreakers: NO_CIRCUIT_BREAKERS,
    retryBudget: null,
    healthChecks: [],
    outlierDetection: null,
    subsets: null,
    connectTimeoutMillis: 1_000,
    idleTimeoutMillis: 60_000,
    maxRequestsPerConnection: null,
    origin: ORIGIN,
    ...overrides,
  };
}

export const NO_RETRIES: RetryPolicy = {
  on: [],
  retries: 0,
  statusCodes: [],
  perTryTimeoutMillis: null,
  backoffBaseMillis: 1,
  backoffMaxMillis: 10,
  avoidPreviousHosts: false,
  avoidPreviousPriorities: false,
  hostSelectionAttempts: 1,
};

export function buildForward(cluster: string, overrides: Partial<ForwardAction> = {}): ForwardAction {
  return {
    kind: 'forward',
    targets: [
      {
        cluster,
        weight: 1,
        subset: null,
        hostRewrite: null,
        requestHeaders: NO_HEADER_OPS,
        responseHeaders: NO_HEADER_OPS,
      },
    ],
    emptyStatus: 503,
    targetByHash: false,
    affinity: NO_AFFINITY,
    affinityOrigin: null,
    timeoutMillis: null,
    retry: null,
    pathRewrite: null,
    hostRewrite: null,
    mirrors: [],
    cors: null,
    fault: null,
    idleTimeoutMillis: null,
    ...overrides,
  };
}

/** A route for every path under `prefix`. */
export function buildRoute(action: Route['action'], prefix = '/', overrides: Partial<Route> = {}): Route {
  return {
    name: '',
    match: { path: { kind: 'prefix', value: prefix, ignoreCase: false }, headers: [], query: [] },
    action,
    requestHeaders: NO_HEADER_OPS,
    responseHeaders: NO_HEADER_OPS,
    origin: ORIGIN,
    ...overrides,
  };
}

/** A listener that serves every host with the given routes. */
export function buildListener(routes: readonly Route[], overrides: Partial<Listener> = {}): Listener {
  return {
    name: 'test',
    address: '127.0.0.1',
    port: 80,
    proxyProtocol: false,
    clientAddress: {
      source: { kind: 'remoteAddress', trustedHops: 0, appendForwardedFor: true },
      internalCidrs: [],
      requestId: 'generate',
      requestIdInResponse: false,
      scheme: null,
    },
    pathNormalization: 'base',
    serverHeader: 'limpet',
    chains: [
      {
        name: 'http.80',
        serverNames: [],
        tls: null,
        proxy: {
          kind: 'http',
          virtualHosts: [
            { name: 'all', domains: ['*'], requireTls: false, includeAttemptCount: false, routes, origin: ORIGIN },
          ],
        },
        origin: ORIGIN,
      },
    ],
    origin: ORIGIN,
    ...overrides,
  };
}

export function buildSnapshot(model: Model, revision = 1): Snapshot {
  return { revision, digest: `digest-${revision}`, model, diagnostics: [], publishedAt: 0 };
}

/** Affinity by a cookie that is generated where the client has none. */
export function cookieAffinity(name: string, ttlMillis: number | null = 0): Affinity {
  const cookie = { name, ttlMillis, path: '', attributes: [] };
  return { kind: 'hash', policies: [{ kind: 'cookie', cookie, terminal: false }] };
}
