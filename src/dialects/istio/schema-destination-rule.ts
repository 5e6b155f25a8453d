import {
  bool,
  decimal,
  droppable,
  maybe,
  object,
  oneOf,
  type Schema,
  text,
  textMap,
  texts,
  units,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { exportTo, limitedList, UINT32 } from './schema-common.ts';
import { type ConnectionPool, connectionPool } from './schema-connection-pool.ts';
import { type LoadBalancer, loadBalancer } from './schema-load-balancer.ts';
import { type OutlierSpec, outlierDetection } from './schema-outlier.ts';

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
  readonly outlierDetection: OutlierSpec | null;
  readonly tls: UpstreamTls | null;
}

export interface PortPolicy extends PolicyBlocks {
  readonly port: { readonly number: number };
}

export interface TrafficPolicy extends PolicyBlocks {
  readonly retryBudget: RetryBudgetSpec | null;
  readonly proxyProtocol: ProxyProtocolSpec | null;
  readonly portLevelSettings: readonly (PortPolicy | null)[];
}

export interface Subset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly trafficPolicy: TrafficPolicy | null;
}

/** Texts are empty where nothing is given. */
export interface UpstreamTls {
  /** UNREADABLE is never written: it stands for what can't be understood, and nothing is sent there. */
  readonly mode: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL' | 'UNREADABLE';
  readonly clientCertificate: string;
  readonly privateKey: string;
  readonly caCertificates: string;
  readonly credentialName: string;
  readonly subjectAltNames: readonly string[];
  readonly sni: string;
  readonly insecureSkipVerify: boolean;
  /** What it names may not be trusted; a cluster that has it is not served, as no model says so yet. */
  readonly caCrl: unknown;
}

export interface ProxyProtocolSpec {
  readonly version: 'V1' | 'V2';
}

export interface RetryBudgetSpec {
  readonly percent: number;
  readonly minRetryConcurrency: number;
}

const tls = object<UpstreamTls>({
  mode: withDefault<UpstreamTls['mode']>(oneOf('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'), 'DISABLE'),
  clientCertificate: withDefault(text, ''),
  privateKey: withDefault(text, ''),
  caCertificates: withDefault(text, ''),
  credentialName: withDefault(text, ''),
  subjectAltNames: texts,
  sni: withDefault(text, ''),
  insecureSkipVerify: withDefault(bool, false),
  caCrl: unsupported('certificates are not looked up in revocation lists', text),
});

const proxyProtocol = object<ProxyProtocolSpec>({ version: withDefault(oneOf('V1', 'V2'), 'V1') });

const blocks: { readonly [Key in keyof PolicyBlocks]-?: Schema<PolicyBlocks[Key]> } = {
  loadBalancer: droppable(loadBalancer),
  connectionPool: droppable(connectionPool),
  outlierDetection: droppable(outlierDetection),
  tls: droppable(tls),
};

/** A block without a port, or for a number that no port has, has no effect. */
const portPolicy = object<PortPolicy>({
  port: object<{ number: number }>({ number: withDefault(UINT32, 0) }),
  ...blocks,
});

/** Envoy's defaults of a budget that leaves a field out. */
const retryBudget = object<RetryBudgetSpec>({
  percent: withDefault(decimal(0, 100), 20),
  minRetryConcurrency: withDefault(UINT32, 3),
});

const tunnel = object<Record<string, unknown>>({ protocol: maybe(text), targetHost: text, targetPort: UINT32 });

const trafficPolicy = object<TrafficPolicy>(
  {
    ...blocks,
    portLevelSettings: limitedList(units(portPolicy), 4096),
    retryBudget: droppable(retryBudget),
    proxyProtocol: maybe(proxyProtocol),
  },
  { tunnel: unsupported('endpoints are reached directly', tunnel) },
);

const subset = object<Subset>({ name: text, labels: textMap, trafficPolicy: droppable(trafficPolicy) });

export const destinationRuleSpec: Schema<DestinationRuleSpec> = object<DestinationRuleSpec>({
  host: text,
  trafficPolicy: droppable(trafficPolicy),
  subsets: units(subset),
  exportTo,
  workloadSelector: maybe(object<{ matchLabels: Readonly<Record<string, string>> }>({ matchLabels: textMap })),
});
