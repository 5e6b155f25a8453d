import { goDuration } from '../../resources/duration.ts';
import {
  convert,
  droppable,
  ignored,
  integer,
  maybe,
  object,
  oneOf,
  type Schema,
  text,
  texts,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { exportTo } from './schema-common.ts';
import { type TcpKeepaliveSpec, tcpKeepalive } from './schema-connection-pool.ts';
import { type LocalityLbSetting, localityLbSetting } from './schema-load-balancer.ts';
import { type HttpRetry, retries } from './schema-retry.ts';

/** What Istio's MeshConfig says of a gateway and its clusters; times in milliseconds. */
export interface MeshConfig {
  /** Empty: `IstioOptions` says it. */
  readonly rootNamespace: string;
  /** For rules without `retries`; null: Istio's own default. */
  readonly defaultHttpRetryPolicy: HttpRetry | null;
  /** For clusters without a setting of their own; null: on, without anything written. */
  readonly localityLbSetting: LocalityLbSetting | null;
  /** null: Istio's own 10 s. */
  readonly connectTimeout: number | null;
  readonly tcpKeepalive: TcpKeepaliveSpec | null;
  readonly h2UpgradePolicy: 'DO_NOT_UPGRADE' | 'UPGRADE';
  /** For what names no `exportTo`; empty: everybody. */
  readonly defaultServiceExportTo: readonly string[];
  readonly defaultVirtualServiceExportTo: readonly string[];
  readonly defaultDestinationRuleExportTo: readonly string[];
  readonly defaultConfig: { readonly gatewayTopology: GatewayTopology };
  /** How often the names of a ServiceEntry are looked up. */
  readonly dnsRefreshRate: number;
  readonly pathNormalization: {
    readonly normalization: 'DEFAULT' | 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  };
  readonly tlsDefaults: TlsDefaults;
}

/** For TLS that says nothing else; empty lists are the proxy's own default. */
export interface TlsDefaults {
  /** For servers alone; TLS to endpoints begins at 1.2. */
  readonly minProtocolVersion: 'TLS_AUTO' | 'TLSV1_2' | 'TLSV1_3';
  readonly ecdhCurves: readonly string[];
  readonly cipherSuites: readonly string[];
}

/** What stands before the gateway. */
export interface GatewayTopology {
  readonly numTrustedProxies: number;
  /** Connections begin with a PROXY protocol line; null: they don't. */
  readonly proxyProtocol: object | null;
}

const NO_TOPOLOGY: GatewayTopology = { numTrustedProxies: 0, proxyProtocol: null };
const NO_TLS_DEFAULTS: TlsDefaults = { minProtocolVersion: 'TLS_AUTO', ecdhCurves: [], cipherSuites: [] };

export const DEFAULT_MESH_CONFIG: MeshConfig = {
  rootNamespace: '',
  defaultHttpRetryPolicy: null,
  localityLbSetting: null,
  connectTimeout: null,
  tcpKeepalive: null,
  h2UpgradePolicy: 'DO_NOT_UPGRADE',
  defaultServiceExportTo: [],
  defaultVirtualServiceExportTo: [],
  defaultDestinationRuleExportTo: [],
  defaultConfig: { gatewayTopology: NO_TOPOLOGY },
  dnsRefreshRate: 60_000,
  pathNormalization: { normalization: 'DEFAULT' },
  tlsDefaults: NO_TLS_DEFAULTS,
};

const gatewayTopology = object<GatewayTopology>(
  {
    numTrustedProxies: withDefault(integer(0, 4294967295), 0),
    proxyProtocol: maybe(object<object>({})),
  },
  { forwardClientCertDetails: unsupported('certificates of clients are passed on as Istio does without it') },
);

const NO_PART = 'it plays no part in what a gateway serves';

/** Of a proxy's bootstrap only what stands before a gateway counts here. */
const proxyConfig = object<MeshConfig['defaultConfig']>(
  { gatewayTopology: withDefault(gatewayTopology, NO_TOPOLOGY) },
  {
    binaryPath: ignored(NO_PART),
    caCertificatesPem: ignored(NO_PART),
    concurrency: ignored(NO_PART),
    configPath: ignored(NO_PART),
    controlPlaneAuthPolicy: ignored(NO_PART),
    customConfigFile: ignored(NO_PART),
    discoveryAddress: ignored(NO_PART),
    drainDuration: ignored(NO_PART),
    envoyAccessLogService: ignored(NO_PART),
    envoyMetricsService: ignored(NO_PART),
    extraStatTags: ignored(NO_PART),
    fileFlushInterval: ignored(NO_PART),
    fileFlushMinSizeKb: ignored(NO_PART),
    holdApplicationUntilProxyStarts: ignored(NO_PART),
    image: ignored(NO_PART),
    interceptionMode: ignored(NO_PART),
    meshId: ignored(NO_PART),
    parentShutdownDuration: ignored(NO_PART),
    privateKeyProvider: ignored(NO_PART),
    proxyAdminPort: ignored(NO_PART),
    proxyBootstrapTemplatePath: ignored(NO_PART),
    proxyHeaders: unsupported('headers are those that Istio sends without it'),
    proxyMetadata: ignored(NO_PART),
    proxyStatsMatcher: ignored(NO_PART),
    readinessProbe: ignored(NO_PART),
    runtimeValues: ignored(NO_PART),
    sds: ignored(NO_PART),
    serviceCluster: ignored(NO_PART),
    statNameLength: ignored(NO_PART),
    statsdUdpAddress: ignored(NO_PART),
    statusPort: ignored(NO_PART),
    terminationDrainDuration: ignored(NO_PART),
    tracing: ignored(NO_PART),
    tracingServiceName: ignored(NO_PART),
    zipkinAddress: ignored(NO_PART),
  },
);

const pathNormalization = object<MeshConfig['pathNormalization']>({
  normalization: withDefault(
    oneOf('DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'),
    DEFAULT_MESH_CONFIG.pathNormalization.normalization,
  ),
});

const tlsDefaults = object<TlsDefaults>({
  minProtocolVersion: withDefault(oneOf('TLS_AUTO', 'TLSV1_2', 'TLSV1_3'), NO_TLS_DEFAULTS.minProtocolVersion),
  ecdhCurves: texts,
  cipherSuites: texts,
});

/** The default, too, where something in it is wrong. */
function orElse<T>(schema: Schema<T>, byDefault: T): Schema<T> {
  return convert(droppable(schema), (value) => value ?? byDefault, '');
}

export const MESH_CONFIG_FIELDS: { readonly [Key in keyof MeshConfig]-?: Schema<MeshConfig[Key]> } = {
  rootNamespace: withDefault(text, DEFAULT_MESH_CONFIG.rootNamespace),
  defaultHttpRetryPolicy: droppable(retries),
  localityLbSetting: droppable(localityLbSetting),
  connectTimeout: maybe(goDuration(1)),
  tcpKeepalive: droppable(tcpKeepalive),
  h2UpgradePolicy: withDefault(oneOf('DO_NOT_UPGRADE', 'UPGRADE'), DEFAULT_MESH_CONFIG.h2UpgradePolicy),
  defaultServiceExportTo: exportTo,
  defaultVirtualServiceExportTo: exportTo,
  defaultDestinationRuleExportTo: exportTo,
  defaultConfig: withDefault(proxyConfig, DEFAULT_MESH_CONFIG.defaultConfig),
  dnsRefreshRate: orElse(goDuration(1), DEFAULT_MESH_CONFIG.dnsRefreshRate),
  pathNormalization: orElse(pathNormalization, DEFAULT_MESH_CONFIG.pathNormalization),
  tlsDefaults: orElse(tlsDefaults, NO_TLS_DEFAULTS),
};

/** Fields of MeshConfig that are not read here. */
export const UNREAD_MESH_FIELDS: Readonly<Record<string, Schema<unknown>>> = {
  accessLogEncoding: ignored(NO_PART),
  accessLogFile: ignored(NO_PART),
  accessLogFormat: ignored(NO_PART),
  ca: ignored(NO_PART),
  caCertificates: ignored(NO_PART),
  certificates: ignored(NO_PART),
  configSources: ignored(NO_PART),
  defaultProviders: ignored(NO_PART),
  disableEnvoyListenerLog: ignored(NO_PART),
  discoverySelectors: unsupported('every namespace among the files is read'),
  enableAutoMtls: ignored('endpoints without a rule for TLS are spoken to in plain text'),
  enableEnvoyAccessLogService: ignored(NO_PART),
  enablePrometheusMerge: ignored(NO_PART),
  enableTracing: ignored(NO_PART),
  extensionProviders: ignored(NO_PART),
  inboundClusterStatName: ignored(NO_PART),
  inboundTrafficPolicy: ignored(NO_PART),
  ingressClass: ignored('Ingress resources are not read'),
  ingressControllerMode: ignored('Ingress resources are not read'),
  ingressSelector: ignored('Ingress resources are not read'),
  ingressService: ignored('Ingress resources are not read'),
  meshMTLS: ignored(NO_PART),
  outboundClusterStatName: ignored('it only names statistics'),
  outboundTrafficPolicy: ignored(NO_PART),
  proxyHttpPort: ignored(NO_PART),
  proxyInboundListenPort: ignored(NO_PART),
  proxyListenPort: ignored(NO_PART),
  serviceScopeConfigs: ignored(NO_PART),
  serviceSettings: ignored(NO_PART),
  trustDomain: ignored(NO_PART),
  trustDomainAliases: ignored(NO_PART),
  verifyCertificateAtClient: ignored(NO_PART),
};
