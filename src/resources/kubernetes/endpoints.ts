import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { canonicalIp, formatAddress } from '../../model/address.ts';
import { decodeWhole } from '../decode.ts';
import { originOf, type Resource } from '../resource.ts';
import { anything, maybe, object, portNumber, text, units, withDefault } from '../schema.ts';
import type { EndpointSlice, SliceEndpoint } from './endpoint-slice.ts';
import { identityOfTarget } from './endpoint-slice.ts';

interface RawAddress {
  readonly ip: string;
  readonly hostname: string;
  readonly nodeName: string | null;
  readonly targetRef: {
    readonly kind: string;
    readonly namespace: string | null;
    readonly name: string;
    readonly uid: string;
  } | null;
}

interface RawSubset {
  readonly addresses: readonly (RawAddress | null)[];
  readonly notReadyAddresses: readonly (RawAddress | null)[];
  readonly ports: readonly ({ readonly name: string; readonly port: number } | null)[];
}

const targetRef = object<NonNullable<RawAddress['targetRef']>>(
  { kind: withDefault(text, 'Pod'), namespace: maybe(text), name: withDefault(text, ''), uid: withDefault(text, '') },
  { apiVersion: anything, resourceVersion: anything, fieldPath: anything },
);

const address = object<RawAddress>({
  ip: text,
  hostname: withDefault(text, ''),
  nodeName: maybe(text),
  targetRef: maybe(targetRef),
});

const port = object<{ name: string; port: number }>(
  { name: withDefault(text, ''), port: portNumber },
  { protocol: anything, appProtocol: anything },
);

const subset = object<RawSubset>({ addresses: units(address), notReadyAddresses: units(address), ports: units(port) });

/** The older `Endpoints` kind in the form of slices, one for each subset and address family. */
export function decodeEndpoints(resource: Resource, sink: DiagnosticSink): readonly EndpointSlice[] {
  const decoded = decodeWhole<{ subsets: readonly (RawSubset | null)[] }>(
    resource,
    { subsets: units(subset) },
    {},
    sink,
  );
  const slices: EndpointSlice[] = [];
  for (const [index, item] of (decoded?.subsets ?? []).entries()) {
    if (item === null) continue;
    const endpoints = [
      ...readAddresses(resource, item.addresses, index, 'addresses', sink),
      ...readAddresses(resource, item.notReadyAddresses, index, 'notReadyAddresses', sink),
    ];
    const ports = item.ports.filter((entry) => entry !== null);
    for (const family of ['IPv4', 'IPv6'] as const) {
      const ofFamily = endpoints.filter((endpoint) => endpoint.family === family);
      if (ofFamily.length === 0) continue;
      slices.push({ serviceName: resource.metadata.name, family, ports, endpoints: ofFamily, resource });
    }
  }
  return slices;
}

function readAddresses(
  resource: Resource,
  addresses: readonly (RawAddress | null)[],
  subsetIndex: number,
  field: 'addresses' | 'notReadyAddresses',
  sink: DiagnosticSink,
): SliceEndpoint[] {
  return addresses.flatMap((raw, index) => {
    if (raw === null) return [];
    const path = ['subsets', subsetIndex, field, index];
    const host = canonicalIp(raw.ip);
    if (host === null) {
      const message = `an IP address is expected, not ${JSON.stringify(raw.ip.slice(0, 60))}`;
      sink.report('error', 'invalid-field', resource.position([...path, 'ip']), message, 'This endpoint is left out.');
      return [];
    }
    const ready = field === 'addresses';
    return [
      {
        host,
        family: host.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
        addressAt: (number: number) => formatAddress(host, number),
        identity: identityOfTarget(raw.targetRef, resource.metadata.namespace),
        hostname: raw.hostname,
        nodeName: raw.nodeName ?? '',
        zone: '',
        ready,
        serving: ready,
        terminating: false,
        origin: originOf(resource, path),
      },
    ];
  });
}
