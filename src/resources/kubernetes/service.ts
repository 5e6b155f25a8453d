import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeSpec } from '../decode.ts';
import type { Resource } from '../resource.ts';
import {
  anything,
  convert,
  maybe,
  object,
  portNumber,
  type Schema,
  text,
  textMap,
  texts,
  units,
  withDefault,
} from '../schema.ts';

export interface ServicePort {
  /** Empty where a Service with one port leaves it out. */
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol: string | null;
  /** Number, or name of a port of the pod; null: the same as `port`. */
  readonly targetPort: number | string | null;
}

export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly ServicePort[];
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly isHeadless: boolean;
  /** The outside name that an ExternalName Service stands for; null for all others. */
  readonly externalName: string | null;
  readonly sessionAffinity: string;
  /** `IPv4` or `IPv6` first, whichever the Service prefers. */
  readonly ipFamilies: readonly string[];
  readonly trafficDistribution: string | null;
  readonly resource: Resource;
}

interface ServiceSpec {
  readonly ports: readonly (ServicePort | null)[];
  readonly selector: Readonly<Record<string, string>>;
  readonly type: string;
  readonly clusterIP: string | null;
  readonly externalName: string | null;
  readonly sessionAffinity: string;
  readonly ipFamilies: readonly string[];
  readonly trafficDistribution: string | null;
}

const targetPort: Schema<number | string> = convert(
  anything,
  (value) => {
    if (typeof value === 'string' && value !== '') return value;
    const isPort = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65535;
    return isPort ? value : undefined;
  },
  'must be a port number or the name of a port',
);

const port = object<ServicePort>(
  {
    name: withDefault(text, ''),
    port: portNumber,
    protocol: withDefault(text, 'TCP'),
    appProtocol: maybe(text),
    targetPort: maybe(targetPort),
  },
  { nodePort: anything },
);

/** How the cluster implements the Service; a gateway that goes to its endpoints has no use for these. */
const CLUSTER_SIDE = {
  allocateLoadBalancerNodePorts: anything,
  clusterIPs: anything,
  externalIPs: anything,
  externalTrafficPolicy: anything,
  healthCheckNodePort: anything,
  internalTrafficPolicy: anything,
  ipFamilyPolicy: anything,
  loadBalancerClass: anything,
  loadBalancerIP: anything,
  loadBalancerSourceRanges: anything,
  publishNotReadyAddresses: anything,
  sessionAffinityConfig: anything,
};

const spec = object<ServiceSpec>(
  {
    ports: units(port),
    selector: textMap,
    type: withDefault(text, 'ClusterIP'),
    clusterIP: maybe(text),
    externalName: maybe(text),
    sessionAffinity: withDefault(text, 'None'),
    ipFamilies: texts,
    trafficDistribution: maybe(text),
  },
  CLUSTER_SIDE,
);

export function decodeService(resource: Resource, sink: DiagnosticSink): Service | null {
  const decoded = decodeSpec(resource, spec, sink);
  if (decoded === null) return null;
  const { namespace, name, labels, annotations } = resource.metadata;
  return {
    namespace,
    name,
    labels,
    annotations,
    ports: decoded.ports.filter((item) => item !== null),
    selector: decoded.selector,
    isHeadless: decoded.clusterIP === 'None',
    externalName: decoded.type === 'ExternalName' ? decoded.externalName : null,
    sessionAffinity: decoded.sessionAffinity,
    ipFamilies: decoded.ipFamilies,
    trafficDistribution: decoded.trafficDistribution,
    resource,
  };
}
