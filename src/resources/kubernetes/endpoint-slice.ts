import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { canonicalIp, formatAddress } from '../../model/address.ts';
import type { EndpointIdentity } from '../../model/cluster.ts';
import { decodeWhole } from '../decode.ts';
import { type FieldPath, originOf, type Resource } from '../resource.ts';
import { anything, bool, maybe, object, oneOf, portNumber, text, texts, units, withDefault } from '../schema.ts';
import type { KubernetesEndpoint } from './endpoint.ts';

/** An endpoint of a slice with the ports it serves. */
export interface SliceEndpoint extends Omit<KubernetesEndpoint, 'address' | 'port' | 'labels'> {
  readonly family: 'IPv4' | 'IPv6';
  readonly addressAt: (port: number) => string;
}

export interface EndpointSlice {
  readonly serviceName: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly endpoints: readonly SliceEndpoint[];
  readonly resource: Resource;
}

interface RawEndpoint {
  readonly addresses: readonly string[];
  readonly conditions: {
    readonly ready: boolean | null;
    readonly serving: boolean | null;
    readonly terminating: boolean | null;
  };
  readonly targetRef: {
    readonly kind: string;
    readonly namespace: string | null;
    readonly name: string;
    readonly uid: string;
  } | null;
  readonly hostname: string;
  readonly nodeName: string | null;
  readonly zone: string | null;
}

interface RawSlice {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly ({ readonly name: string; readonly port: number | null } | null)[];
  readonly endpoints: readonly (RawEndpoint | null)[];
}

const conditions = object<RawEndpoint['conditions']>({
  ready: maybe(bool),
  serving: maybe(bool),
  terminating: maybe(bool),
});

const targetRef = object<NonNullable<RawEndpoint['targetRef']>>(
  { kind: withDefault(text, 'Pod'), namespace: maybe(text), name: withDefault(text, ''), uid: withDefault(text, '') },
  { apiVersion: anything, resourceVersion: anything, fieldPath: anything },
);

const endpoint = object<RawEndpoint>(
  {
    addresses: texts,
    conditions: withDefault(conditions, { ready: null, serving: null, terminating: null }),
    targetRef: maybe(targetRef),
    hostname: withDefault(text, ''),
    nodeName: maybe(text),
    zone: maybe(text),
  },
  { hints: anything, deprecatedTopology: anything },
);

const port = object<{ name: string; port: number | null }>(
  { name: withDefault(text, ''), port: maybe(portNumber) },
  { protocol: anything, appProtocol: anything },
);

/** null, with a diagnostic, where the slice can't be read; also where it belongs to no Service, which is no fault. */
export function decodeEndpointSlice(resource: Resource, sink: DiagnosticSink): EndpointSlice | null {
  const slice = decodeWhole<RawSlice>(
    resource,
    { addressType: oneOf('IPv4', 'IPv6', 'FQDN'), ports: units(port), endpoints: units(endpoint) },
    {},
    sink,
  );
  if (slice === null) return null;
  const serviceName = resource.metadata.labels['kubernetes.io/service-name'];
  if (serviceName === undefined) {
    const message = `EndpointSlice ${resource.metadata.name} belongs to no Service`;
    sink.report(
      'note',
      'ignored-field',
      resource.position(['metadata']),
      message,
      'Name one in the label kubernetes.io/service-name.',
    );
    return null;
  }
  // Deprecated in Kubernetes, and read by none of the systems whose configuration this is.
  if (slice.addressType === 'FQDN') {
    const message = 'endpoints by name (addressType FQDN) are left out';
    sink.report('warning', 'unsupported-field', resource.position(['addressType']), message, 'Give addresses.');
    return null;
  }
  const endpoints: SliceEndpoint[] = [];
  for (const [index, raw] of slice.endpoints.entries()) {
    if (raw === null) continue;
    const read = readEndpoint(resource, slice.addressType, raw, ['endpoints', index], sink);
    if (read !== null) endpoints.push(read);
  }
  const ports = slice.ports.flatMap((item) =>
    item === null || item.port === null ? [] : [{ name: item.name, port: item.port }],
  );
  return { serviceName, family: slice.addressType, ports, endpoints, resource };
}

/** Kubernetes says that only the first address counts: the others name the same endpoint. */
function readEndpoint(
  resource: Resource,
  family: 'IPv4' | 'IPv6',
  raw: RawEndpoint,
  path: FieldPath,
  sink: DiagnosticSink,
): SliceEndpoint | null {
  const [address = ''] = raw.addresses;
  const host = canonicalIp(address);
  if (host === null || host.includes(':') !== (family === 'IPv6')) {
    const at = resource.position(raw.addresses.length === 0 ? path : [...path, 'addresses', 0]);
    sink.report(
      'error',
      'invalid-field',
      at,
      `an ${family} address is expected, not ${JSON.stringify(address.slice(0, 60))}`,
      'This endpoint is left out.',
    );
    return null;
  }
  const pod = raw.targetRef;
  return {
    host,
    family,
    addressAt: (number) => formatAddress(host, number),
    identity: identityOfTarget(pod, resource.metadata.namespace),
    hostname: raw.hostname,
    nodeName: raw.nodeName ?? '',
    zone: raw.zone ?? '',
    ...raw.conditions,
    origin: originOf(resource, path),
  };
}

export function identityOfTarget(target: RawEndpoint['targetRef'], namespace: string): EndpointIdentity {
  if (target === null || target.kind !== 'Pod') return { uid: '', namespace: '', name: '' };
  return { uid: target.uid, namespace: target.namespace ?? namespace, name: target.name };
}
