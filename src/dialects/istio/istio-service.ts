import type { Discovery, Endpoint, Locality } from '../../model/cluster.ts';
import type { Resource } from '../../resources/resource.ts';
import type { PortProtocol } from './port-protocol.ts';

export interface IstioPort {
  readonly name: string;
  readonly number: number;
  readonly protocol: PortProtocol;
}

/** An endpoint with where it is; groups are made of these. */
export interface PlacedEndpoint {
  readonly endpoint: Endpoint;
  readonly locality: Locality;
  /** Empty where it is not known. */
  readonly nodeName: string;
}

export type SessionLabel =
  | { readonly kind: 'cookie'; readonly name: string; readonly path: string }
  | { readonly kind: 'header'; readonly name: string };

/** A Kubernetes Service or one host of a ServiceEntry. */
export interface IstioService {
  readonly host: string;
  readonly namespace: string;
  /** The outside name that an ExternalName Service stands for; null for all others. */
  readonly alias: string | null;
  readonly ports: readonly IstioPort[];
  readonly session: SessionLabel | null;
  readonly exportTo: readonly string[];
  readonly discovery: Discovery;
  /** What Kubernetes says of where its requests should go; null: anywhere. */
  readonly trafficDistribution: 'sameZone' | 'sameNode' | null;
  /** Names that its endpoints' certificates have; empty: nothing is known. */
  readonly subjectAltNames: readonly string[];
  readonly resource: Resource;
  /** ServiceEntries of one host that have the same are one service; null: a Kubernetes Service, which joins no other. */
  readonly mergeKey: string | null;
  /** Those that may be sent to at all, draining ones included. */
  endpoints(port: IstioPort): readonly PlacedEndpoint[];
}

/** The names of the two session labels; empty: there is no such label. */
export interface SessionLabelNames {
  readonly cookie: string;
  readonly header: string;
}

/** `istio.io/persistent-session: NAME[:PATH]` or `istio.io/persistent-session-header: NAME` (istio-affinity §8). */
export function toSessionLabel(
  labels: Readonly<Record<string, string>>,
  names: SessionLabelNames,
): SessionLabel | null {
  const cookie = labels[names.cookie] ?? '';
  if (cookie !== '') {
    const colon = cookie.indexOf(':');
    if (colon === -1) return { kind: 'cookie', name: cookie, path: '/' };
    return { kind: 'cookie', name: cookie.slice(0, colon), path: cookie.slice(colon + 1) };
  }
  const header = labels[names.header] ?? '';
  return header === '' ? null : { kind: 'header', name: header.toLowerCase() };
}
