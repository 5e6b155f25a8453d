import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { GatewayAttachment } from '../../resources/attachment.ts';
import { decodeSpec } from '../../resources/decode.ts';
import type { Kubernetes } from '../../resources/kubernetes/kubernetes.ts';
import { byAge, type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { gatewayClassSpec, gatewaySpec, type LabelSelector, type ListenerSpec } from './schema-gateway.ts';

/** A listener of a Gateway that is served. */
export interface GatewayListener {
  readonly gateway: Resource;
  readonly path: FieldPath;
  readonly spec: ListenerSpec;
  /** `*` for every host, lower case. */
  readonly hostname: string;
  /** The system whose class the Gateway has; null: none. */
  readonly owner: GatewayAttachment | null;
}

/** HTTP listeners of every Gateway, oldest Gateway first. Of two with the same port and hostname the first is served. */
export function resolveListeners(
  resources: ResourceSet,
  attachments: readonly GatewayAttachment[],
  sink: DiagnosticSink,
): GatewayListener[] {
  const listeners = new Map<string, GatewayListener>();
  for (const gateway of resources.ofKind('gateway.networking.k8s.io', 'Gateway').toSorted(byAge)) {
    const spec = decodeSpec(gateway, gatewaySpec, sink);
    if (spec === null) continue;
    const controller = controllerOf(spec.gatewayClassName, resources, sink);
    const owner = attachments.find((attachment) => attachment.ownsClass(spec.gatewayClassName, controller)) ?? null;
    for (const [index, listener] of spec.listeners.entries()) {
      if (listener === null) continue;
      const path = ['spec', 'listeners', index];
      if (!isServable(listener, gateway, path, sink)) continue;
      const hostname = listener.hostname === null || listener.hostname === '' ? '*' : listener.hostname.toLowerCase();
      const key = `${listener.port} ${hostname}`;
      const first = listeners.get(key);
      if (first === undefined) {
        listeners.set(key, { gateway, path, spec: listener, hostname, owner });
        continue;
      }
      const message = `port ${listener.port} and hostname ${hostname} are already taken by listener ${first.spec.name} of Gateway ${nameOf(first.gateway)}`;
      sink.report('error', 'conflict', gateway.position(path), message, 'Use another port or hostname.');
    }
  }
  return [...listeners.values()];
}

function controllerOf(className: string, resources: ResourceSet, sink: DiagnosticSink): string {
  const found = resources.get('gateway.networking.k8s.io', 'GatewayClass', '', className);
  return found === undefined ? '' : (decodeSpec(found, gatewayClassSpec, sink)?.controllerName ?? '');
}

function isServable(listener: ListenerSpec, gateway: Resource, path: FieldPath, sink: DiagnosticSink): boolean {
  if (listener.protocol === 'HTTP') return true;
  const at = gateway.position([...path, 'protocol']);
  if (['HTTPS', 'TLS', 'TCP', 'UDP'].includes(listener.protocol)) {
    sink.report(
      'error',
      'unsupported-field',
      at,
      `listeners with protocol ${listener.protocol} are not supported yet; this one is left out`,
    );
  } else {
    sink.report(
      'error',
      'invalid-field',
      at,
      `${JSON.stringify(listener.protocol)} is no protocol; this listener is left out`,
      'Use HTTP.',
    );
  }
  return false;
}

/** Whether a route of a namespace may attach (Gateway API, AllowedRoutes). */
export function allowsNamespace(listener: GatewayListener, namespace: string, kubernetes: Kubernetes): boolean {
  const { from, selector } = listener.spec.allowedRoutes.namespaces;
  switch (from) {
    case 'All':
      return true;
    case 'Same':
      return namespace === listener.gateway.metadata.namespace;
    case 'None':
      return false;
    case 'Selector':
      return selector !== null && selects(selector, namespaceLabels(namespace, kubernetes));
  }
}

/** Kubernetes gives every namespace its own name as a label. */
function namespaceLabels(namespace: string, kubernetes: Kubernetes): Readonly<Record<string, string>> {
  return { 'kubernetes.io/metadata.name': namespace, ...kubernetes.namespaceLabels(namespace) };
}

function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const meets = ({ key, operator, values }: LabelSelector['matchExpressions'][number]): boolean => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      default:
        return value === undefined;
    }
  };
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(meets);
}

export function allowsHttpRoutes(listener: GatewayListener): boolean {
  const { kinds } = listener.spec.allowedRoutes;
  return (
    kinds.length === 0 || kinds.some(({ group, kind }) => group === 'gateway.networking.k8s.io' && kind === 'HTTPRoute')
  );
}
