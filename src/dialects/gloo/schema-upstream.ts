import { goDuration } from '../../resources/duration.ts';
import {
  anything,
  bool,
  check,
  convert,
  decimal,
  droppable,
  ignored,
  integer,
  maybe,
  nonEmptyText,
  object,
  portNumber,
  type Schema,
  textMap,
  units,
  unsigned64,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { type HealthCheckSpec, healthCheck, type OutlierSpec, outlierDetection } from './schema-resilience.ts';

export interface UpstreamSpec {
  readonly kube: KubeUpstream | null;
  readonly static: { readonly hosts: readonly (StaticHost | null)[]; readonly useTls: boolean | null } | null;
  readonly loadBalancerConfig: LoadBalancerConfig | null;
  readonly connectionConfig: ConnectionConfig | null;
  readonly circuitBreakers: CircuitBreakerConfig | null;
  readonly healthChecks: readonly (HealthCheckSpec | null)[];
  readonly outlierDetection: OutlierSpec | null;
  /** Not read beyond being there. */
  readonly sslConfig: object | null;
}

export interface KubeUpstream {
  readonly serviceName: string;
  readonly serviceNamespace: string;
  readonly servicePort: number;
  /** Labels that endpoints need beside those of the Service. */
  readonly selector: Readonly<Record<string, string>>;
}

export interface StaticHost {
  readonly addr: string;
  readonly port: number;
  readonly loadBalancingWeight: number;
}

/** Of several balancers the one declared last in Gloo's API counts: maglev, ringHash, random, leastRequest, roundRobin. */
export interface LoadBalancerConfig {
  readonly roundRobin: { readonly slowStartConfig: SlowStartConfig | null } | null;
  readonly leastRequest: { readonly choiceCount: number; readonly slowStartConfig: SlowStartConfig | null } | null;
  readonly random: object | null;
  readonly ringHash: {
    readonly ringHashConfig: { readonly minimumRingSize: number; readonly maximumRingSize: number };
  } | null;
  readonly maglev: object | null;
  readonly healthyPanicThreshold: number | null;
  readonly useHostnameForHashing: boolean;
}

export interface SlowStartConfig {
  readonly slowStartWindow: number;
  readonly aggression: number;
  readonly minWeightPercent: number;
}

/** Times in milliseconds. */
export interface ConnectionConfig {
  readonly connectTimeout: number | null;
  /** 0: no limit. */
  readonly maxRequestsPerConnection: number;
  readonly commonHttpProtocolOptions: { readonly idleTimeout: number | null } | null;
}

/** null: Envoy's default. */
export interface CircuitBreakerConfig {
  readonly maxConnections: number | null;
  readonly maxPendingRequests: number | null;
  readonly maxRequests: number | null;
  readonly maxRetries: number | null;
}

const COUNT = integer(0, 4294967295);
const UPSTREAM_TLS = unsupported('endpoints are spoken to in plain text');
const anyObject = convert(
  anything,
  (value) => (typeof value === 'object' && value !== null ? value : undefined),
  'must be a mapping',
);

const kube = object<KubeUpstream>(
  { serviceName: nonEmptyText, serviceNamespace: nonEmptyText, servicePort: portNumber, selector: textMap },
  { subsetSpec: unsupported('all endpoints are one set'), serviceSpec: anything },
);

const host = object<StaticHost>(
  { addr: nonEmptyText, port: portNumber, loadBalancingWeight: withDefault(integer(1, 4294967295), 1) },
  { sniAddr: UPSTREAM_TLS, healthCheckConfig: unsupported('all endpoints are checked alike'), metadata: anything },
);

const staticHosts = object<NonNullable<UpstreamSpec['static']>>(
  { hosts: units(host), useTls: maybe(bool) },
  { autoSniRewrite: UPSTREAM_TLS, serviceSpec: anything },
);

const slowStartConfig = maybe(
  object<SlowStartConfig>({
    slowStartWindow: goDuration(),
    aggression: withDefault(decimal(0, Number.MAX_VALUE), 1),
    minWeightPercent: withDefault(decimal(0, 100), 10),
  }),
);

/** Gloo sends no size of 0, which is Envoy's default (envoy-affinity §4.1). */
const ringHashConfig = check(
  object<NonNullable<LoadBalancerConfig['ringHash']>['ringHashConfig']>({
    minimumRingSize: withDefault(unsigned64(8388608), 0),
    maximumRingSize: withDefault(unsigned64(8388608), 0),
  }),
  ({ minimumRingSize, maximumRingSize }) => (minimumRingSize || 1024) <= (maximumRingSize || 8388608),
  'must not have a minimumRingSize (1024 if left out) above its maximumRingSize',
);

const loadBalancerConfig = object<LoadBalancerConfig>(
  {
    roundRobin: maybe(object<NonNullable<LoadBalancerConfig['roundRobin']>>({ slowStartConfig })),
    leastRequest: maybe(
      object<NonNullable<LoadBalancerConfig['leastRequest']>>({ choiceCount: withDefault(COUNT, 0), slowStartConfig }),
    ),
    random: maybe(object<object>({})),
    ringHash: maybe(
      object<NonNullable<LoadBalancerConfig['ringHash']>>({
        ringHashConfig: withDefault(ringHashConfig, { minimumRingSize: 0, maximumRingSize: 0 }),
      }),
    ),
    maglev: maybe(object<object>({})),
    healthyPanicThreshold: maybe(decimal(0, 100)),
    useHostnameForHashing: withDefault(bool, false),
  },
  {
    updateMergeWindow: ignored('changes of endpoints are applied at once'),
    localityWeightedLbConfig: unsupported('all localities are served alike'),
    closeConnectionsOnHostSetChange: ignored(
      'requests are placed one by one, so open connections do not hold them back',
    ),
  },
);

const connectionConfig = object<ConnectionConfig>(
  {
    connectTimeout: maybe(goDuration()),
    maxRequestsPerConnection: withDefault(COUNT, 0),
    commonHttpProtocolOptions: maybe(
      object<NonNullable<ConnectionConfig['commonHttpProtocolOptions']>>(
        { idleTimeout: maybe(goDuration()) },
        {
          maxHeadersCount: unsupported('the limit of the listener counts'),
          maxStreamDuration: unsupported('the time limit of the route counts'),
          headersWithUnderscoresAction: unsupported('such headers are passed on'),
        },
      ),
    ),
  },
  {
    tcpKeepalive: unsupported('keep-alive probes are left to the system'),
    perConnectionBufferLimitBytes: ignored('bodies are streamed with a limit of their own'),
    http1ProtocolOptions: unsupported('header names are sent in lower case'),
  },
);

const circuitBreakers = object<CircuitBreakerConfig>(
  {
    maxConnections: maybe(COUNT),
    maxPendingRequests: maybe(COUNT),
    maxRequests: maybe(COUNT),
    maxRetries: maybe(COUNT),
  },
  { trackRemaining: anything },
);

const PROTOCOL = unsupported('endpoints are spoken to in HTTP/1.1');

export const upstreamSpec: Schema<UpstreamSpec> = check(
  object<UpstreamSpec>(
    {
      kube: maybe(kube),
      static: maybe(staticHosts),
      loadBalancerConfig: droppable(loadBalancerConfig),
      connectionConfig: droppable(connectionConfig),
      circuitBreakers: droppable(circuitBreakers),
      sslConfig: maybe(anyObject),
      healthChecks: units(healthCheck),
      outlierDetection: droppable(outlierDetection),
    },
    {
      discoveryMetadata: anything,
      namespacedStatuses: anything,
      failover: unsupported('there is no failover'),
      useHttp2: PROTOCOL,
      protocolSelection: PROTOCOL,
      initialStreamWindowSize: PROTOCOL,
      initialConnectionWindowSize: PROTOCOL,
      maxConcurrentStreams: PROTOCOL,
      httpProxyHostname: unsupported('endpoints are reached directly'),
      httpConnectHeaders: unsupported('endpoints are reached directly'),
      ignoreHealthOnHostRemoval: ignored('removed endpoints are removed at once'),
      respectDnsTtl: ignored('names are resolved by the system'),
      dnsRefreshRate: ignored('names are resolved by the system'),
      proxyProtocolVersion: unsupported('no PROXY line is sent to endpoints'),
      preconnectPolicy: unsupported('connections are made when they are needed'),
      disableIstioAutoMtls: ignored('endpoints are spoken to in plain text'),
      pipe: unsupported('only kube and static Upstreams are read'),
      aws: unsupported('only kube and static Upstreams are read'),
      azure: unsupported('only kube and static Upstreams are read'),
      consul: unsupported('only kube and static Upstreams are read'),
      awsEc2: unsupported('only kube and static Upstreams are read'),
      gcp: unsupported('only kube and static Upstreams are read'),
      ai: unsupported('only kube and static Upstreams are read'),
    },
  ),
  (spec) => (spec.kube === null) !== (spec.static === null),
  'must have one of kube and static',
);
