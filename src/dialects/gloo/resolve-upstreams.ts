import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { canonicalIp, formatAddress } from '../../model/address.ts';
import { type EndpointGroup, NO_LOCALITY } from '../../model/cluster.ts';
import { decodeSpec } from '../../resources/decode.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { emitServingGroups } from '../../resources/kubernetes/serving-groups.ts';
import { nameOf, originOf, type Resource } from '../../resources/resource.ts';
import type { ServicePortRef } from '../../resources/session-targets.ts';
import { type UpstreamSpec, upstreamSpec } from './schema-upstream.ts';

/** An Upstream with the endpoints it comes to. */
export interface ResolvedUpstream {
  readonly resource: Resource;
  readonly spec: UpstreamSpec;
  readonly groups: readonly EndpointGroup[];
  /** Behind `kube`. */
  readonly service: ServicePortRef | null;
}

/** null, with a diagnostic, where the Upstream can't be read or served. */
export function resolveUpstream(
  resource: Resource,
  kubernetes: Kubernetes,
  sink: DiagnosticSink,
): ResolvedUpstream | null {
  const spec = decodeSpec(resource, upstreamSpec, sink);
  if (spec === null) return null;
  if (asksForTls(spec)) {
    const message = `TLS to endpoints is not supported yet, so Upstream ${nameOf(resource)} is not served`;
    sink.report('error', 'unsupported-field', resource.position(['spec'], 'key'), message);
    return null;
  }
  const groups = spec.kube === null ? staticGroups(resource, spec) : kubeGroups(resource, spec.kube, kubernetes, sink);
  if (groups === null) return null;
  if (groups.length === 0) {
    const message = `Upstream ${nameOf(resource)} has no endpoint that may serve`;
    sink.report(
      'warning',
      'no-endpoints',
      resource.position(['spec'], 'key'),
      message,
      'Its requests are answered 503.',
    );
  }
  const service =
    spec.kube === null ? undefined : kubernetes.service(spec.kube.serviceNamespace, spec.kube.serviceName);
  const port = spec.kube?.servicePort ?? 0;
  return { resource, spec, groups, service: service === undefined ? null : { resource: service.resource, port } };
}

/** Nothing is sent in plain text to who expects TLS; a static host on port 443 does unless told otherwise. */
function asksForTls({ static: hosts, sslConfig }: UpstreamSpec): boolean {
  return sslConfig !== null || (hosts?.useTls ?? hosts?.hosts.some((host) => host?.port === 443) ?? false);
}

function kubeGroups(
  resource: Resource,
  kube: NonNullable<UpstreamSpec['kube']>,
  kubernetes: Kubernetes,
  sink: DiagnosticSink,
): EndpointGroup[] | null {
  const service = kubernetes.service(kube.serviceNamespace, kube.serviceName);
  if (service === undefined) {
    const message = `there is no Service ${kube.serviceNamespace}/${kube.serviceName}`;
    sink.report('error', 'unresolved-reference', resource.position(['spec', 'kube', 'serviceName']), message);
    return null;
  }
  const port = service.ports.find((candidate) => candidate.port === kube.servicePort);
  if (port === undefined) {
    const ports = service.ports.map((candidate) => candidate.port).join(', ') || 'none';
    const message = `Service ${kube.serviceNamespace}/${kube.serviceName} has no port ${kube.servicePort}`;
    sink.report(
      'error',
      'unresolved-reference',
      resource.position(['spec', 'kube', 'servicePort']),
      message,
      `Its ports: ${ports}.`,
    );
    return null;
  }
  const wanted = Object.entries(kube.selector);
  const endpoints = kubernetes
    .endpoints(service, port)
    .filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
  return emitServingGroups(endpoints, kubernetes);
}

function staticGroups(resource: Resource, spec: UpstreamSpec): EndpointGroup[] {
  const hosts = spec.static?.hosts ?? [];
  const endpoints = hosts.flatMap((host, index) => {
    if (host === null) return [];
    const address = canonicalIp(host.addr) ?? host.addr.toLowerCase();
    return [
      {
        address: formatAddress(address, host.port),
        host: address,
        port: host.port,
        identity: { uid: '', namespace: '', name: '' },
        hostname: host.addr,
        hashKey: '',
        weight: host.loadBalancingWeight,
        health: 'unknown' as const,
        labels: {},
        origin: originOf(resource, ['spec', 'static', 'hosts', index]),
      },
    ];
  });
  return endpoints.length === 0 ? [] : [{ locality: NO_LOCALITY, priority: 0, weight: null, endpoints }];
}
