import { goDuration } from '../../resources/duration.ts';
import { wildcardName } from '../../resources/host-names.ts';
import { cookieName, cookieText, headerOrPseudoNameProblem } from '../../resources/http-fields.ts';
import {
  anything,
  asWritten,
  bool,
  check,
  convert,
  decimal,
  deprecated,
  droppable,
  integer,
  linted,
  list,
  mapOf,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  problem,
  type Schema,
  text,
  textMap,
  texts,
  units,
  unsigned64,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { duplicate, exportTo } from './schema-common.ts';

export interface DestinationRuleSpec {
  readonly host: string;
  readonly trafficPolicy: TrafficPolicy | null;
  readonly subsets: readonly (Subset | null)[];
  readonly exportTo: readonly string[];
  readonly workloadSelector: { readonly matchLabels: Readonly<Record<string, string>> } | null;
}

/** The blocks that a destination, a port or a subset may set; null: not set. */
export interface PolicyBlocks {
  readonly loadBalancer: LoadBalancer | null;
  readonly connectionPool: ConnectionPool | null;
  readonly outlierDetection: OutlierDetection | null;
  readonly tls: UpstreamTls | null;
}

export interface PortPolicy extends PolicyBlocks {
  readonly port: { readonly number: number };
}

export interface TrafficPolicy extends PolicyBlocks {
  readonly portLevelSettings: readonly (PortPolicy | null)[];
}

export interface Subset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly trafficPolicy: TrafficPolicy | null;
}

export interface LoadBalancer {
  readonly simple: 'UNSPECIFIED' | 'LEAST_CONN' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST' | null;
  readonly consistentHash: ConsistentHash | null;
  readonly warmup: Warmup | null;
  readonly warmupDurationSecs: number | null;
  readonly localityLbSetting: LocalityLbSetting | null;
}

export interface LocalityLbSetting {
  /** null: on. */
  readonly enabled: boolean | null;
  readonly distribute: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[];
  readonly failover: readonly { readonly from: string; readonly to: string }[];
  readonly failoverPriority: readonly string[];
}

export interface Warmup {
  readonly duration: number;
  readonly minimumPercent: number;
  readonly aggression: number;
}

export interface ConsistentHash {
  readonly httpHeaderName: string | null;
  readonly httpCookie: HttpCookie | null;
  readonly useSourceIp: boolean | null;
  readonly httpQueryParameterName: string | null;
  readonly ringHash: { readonly minimumRingSize: number } | null;
  readonly maglev: { readonly tableSize: number } | null;
  /** Deprecated; 0: not set. */
  readonly minimumRingSize: number;
}

export interface HttpCookie {
  readonly name: string;
  readonly path: string;
  /** Milliseconds; null: the cookie is never generated. */
  readonly ttl: number | null;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

/** 0 or null: no limit of Istio's. Times in milliseconds. */
export interface ConnectionPool {
  readonly tcp: {
    readonly maxConnections: number;
    readonly connectTimeout: number | null;
    readonly idleTimeout: number | null;
  };
  readonly http: {
    readonly http1MaxPendingRequests: number;
    readonly http2MaxRequests: number;
    readonly maxRequestsPerConnection: number;
    readonly maxRetries: number;
    readonly idleTimeout: number | null;
  };
}

export interface UpstreamTls {
  readonly mode: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';
}

export interface OutlierDetection {
  readonly minHealthPercent: number;
}

const COUNT = integer(0, 2147483647);
const KEYS = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;

const emptyOrHeaderName = problem(text, (name) => (name === '' ? null : headerOrPseudoNameProblem(name)));

const httpCookie = object<HttpCookie>({
  name: cookieName,
  path: withDefault(cookieText, ''),
  // Istio lets a negative time pass.
  ttl: maybe(
    linted(goDuration(-Infinity), (ttl) =>
      String(ttl).startsWith('-') ? 'is negative; the cookie is kept for the browser session' : null,
    ),
  ),
  attributes: list(object<{ name: string; value: string }>({ name: cookieName, value: withDefault(cookieText, '') })),
});

const ringHash = object<{ minimumRingSize: number }>({ minimumRingSize: withDefault(unsigned64(8388608), 1024) });

const maglev = object<{ tableSize: number }>({
  tableSize: convert(unsigned64(5000010), (size) => (isPrime(size) ? size : undefined), 'must be a prime number'),
});

const consistentHash = check(
  check(
    object<ConsistentHash>({
      // Istio lets an empty name pass, which gives no key.
      httpHeaderName: maybe(
        linted(emptyOrHeaderName, (name) => (name === '' ? 'is empty, so there is nothing to hash' : null)),
      ),
      httpCookie: maybe(httpCookie),
      useSourceIp: maybe(bool),
      httpQueryParameterName: maybe(
        linted(text, (name) => (name === '' ? 'is empty, so there is nothing to hash' : null)),
      ),
      ringHash: maybe(ringHash),
      maglev: maybe(maglev),
      minimumRingSize: deprecated(withDefault(unsigned64(8388608), 0), 'use ringHash.minimumRingSize'),
    }),
    (hash) => KEYS.filter((key) => hash[key] !== null).length <= 1,
    `takes only one of ${KEYS.join(', ')}`,
  ),
  (hash) => [hash.ringHash !== null, hash.maglev !== null, hash.minimumRingSize > 0].filter(Boolean).length <= 1,
  'takes only one of ringHash, maglev and minimumRingSize',
);

const warmup = object<Warmup>({
  duration: goDuration(1),
  minimumPercent: withDefault(decimal(0, 100), 10),
  aggression: withDefault(decimal(1, Number.MAX_VALUE), 1),
});

const localityLbSetting = check(
  object<LocalityLbSetting>({
    enabled: maybe(bool),
    distribute: list(
      check(
        object<LocalityLbSetting['distribute'][number]>({ from: nonEmptyText, to: mapOf(integer(1, 100)) }),
        ({ to }) => Object.values(to).reduce((sum, share) => sum + share, 0) === 100,
        'must have shares that add up to 100',
      ),
    ),
    failover: list(object<LocalityLbSetting['failover'][number]>({ from: nonEmptyText, to: nonEmptyText })),
    failoverPriority: texts,
  }),
  ({ distribute, failover }) => distribute.length === 0 || failover.length === 0,
  'takes only one of distribute and failover',
);

const loadBalancer = check(
  object<LoadBalancer>({
    simple: maybe(oneOf('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST')),
    consistentHash: maybe(consistentHash),
    warmup: maybe(warmup),
    warmupDurationSecs: deprecated(maybe(goDuration(1)), 'use warmup.duration'),
    localityLbSetting: maybe(localityLbSetting),
  }),
  (balancer) => balancer.simple === null || balancer.consistentHash === null,
  'takes only one of simple and consistentHash',
);

const tcp = object<ConnectionPool['tcp']>(
  { maxConnections: withDefault(COUNT, 0), connectTimeout: maybe(goDuration(1)), idleTimeout: maybe(goDuration()) },
  {
    tcpKeepalive: unsupported('keep-alive probes are left to the system'),
    maxConnectionDuration: unsupported('connections have no age limit'),
  },
);

const http = object<ConnectionPool['http']>(
  {
    http1MaxPendingRequests: withDefault(COUNT, 0),
    http2MaxRequests: withDefault(COUNT, 0),
    maxRequestsPerConnection: withDefault(COUNT, 0),
    maxRetries: withDefault(COUNT, 0),
    idleTimeout: maybe(goDuration()),
  },
  {
    h2UpgradePolicy: unsupported('endpoints are spoken to in HTTP/1.1'),
    useClientProtocol: unsupported('endpoints are spoken to in HTTP/1.1'),
    maxConcurrentStreams: unsupported('endpoints are spoken to in HTTP/1.1'),
    http2KeepAlive: unsupported('endpoints are spoken to in HTTP/1.1'),
  },
);

const connectionPool = object<ConnectionPool>({
  tcp: withDefault(tcp, { maxConnections: 0, connectTimeout: null, idleTimeout: null }),
  http: withDefault(http, {
    http1MaxPendingRequests: 0,
    http2MaxRequests: 0,
    maxRequestsPerConnection: 0,
    maxRetries: 0,
    idleTimeout: null,
  }),
});

const EJECTION = unsupported('endpoints are not ejected');
const outlierDetection = object<OutlierDetection>(
  { minHealthPercent: withDefault(integer(0, 100), 0) },
  {
    consecutiveErrors: EJECTION,
    splitExternalLocalOriginErrors: EJECTION,
    consecutiveLocalOriginFailures: EJECTION,
    consecutiveGatewayErrors: EJECTION,
    consecutive5xxErrors: EJECTION,
    interval: EJECTION,
    baseEjectionTime: EJECTION,
    maxEjectionPercent: EJECTION,
  },
);

/** Beside the mode nothing is read: a cluster that asks for TLS is not served at all. */
const tls = object<UpstreamTls>(
  { mode: withDefault<UpstreamTls['mode']>(oneOf('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'), 'DISABLE') },
  {
    clientCertificate: anything,
    privateKey: anything,
    caCertificates: anything,
    credentialName: anything,
    subjectAltNames: anything,
    sni: anything,
    insecureSkipVerify: anything,
    caCrl: anything,
  },
);

const blocks: { readonly [Key in keyof PolicyBlocks]-?: Schema<PolicyBlocks[Key]> } = {
  loadBalancer: droppable(loadBalancer),
  connectionPool: droppable(connectionPool),
  outlierDetection: droppable(outlierDetection),
  tls: droppable(tls),
};

const portPolicy = object<PortPolicy>({
  port: object<{ number: number }>({
    // Istio lets numbers pass that no port has.
    number: linted(integer(0, 4294967295), (port) =>
      Number(port) >= 1 && Number(port) <= 65535 ? null : 'is no port, so this block has no effect',
    ),
  }),
  ...blocks,
});

const policyFields = object<TrafficPolicy>(
  { ...blocks, portLevelSettings: units(portPolicy) },
  {
    tunnel: unsupported('endpoints are reached directly'),
    proxyProtocol: unsupported('no PROXY line is sent to endpoints'),
    retryBudget: unsupported('retries have no budget of their own'),
  },
);

const trafficPolicy = asWritten(policyFields, (written) =>
  Object.keys(Object(written)).length === 0 ? 'must not be empty' : null,
);

const labels = problem(textMap, (pairs) => {
  for (const [key, value] of Object.entries(pairs)) {
    if (!/^(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?$/.test(value))
      return `has a value for ${key} that no label can have`;
  }
  return null;
});

const subset = object<Subset>({ name: nonEmptyText, labels, trafficPolicy: droppable(trafficPolicy) });

export const destinationRuleSpec: Schema<DestinationRuleSpec> = object<DestinationRuleSpec>({
  host: wildcardName,
  trafficPolicy: droppable(trafficPolicy),
  subsets: problem(units(subset), (subsets) =>
    duplicate(
      subsets.map((one) => one?.name ?? null),
      'subset',
    ),
  ),
  exportTo,
  workloadSelector: maybe(object<{ matchLabels: Readonly<Record<string, string>> }>({ matchLabels: textMap })),
});

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) {
    if (value % divisor === 0) return false;
  }
  return true;
}
