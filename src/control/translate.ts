import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { DiagnosticSink } from '../diagnostics/sink.ts';
import { GATEWAY_API_KINDS, translateGatewayApi } from '../dialects/gateway-api/gateway-api.ts';
import { attachGloo, GLOO_KINDS } from '../dialects/gloo/gloo.ts';
import { ISTIO_KINDS, translateIstio } from '../dialects/istio/istio.ts';
import { DEFAULT_ISTIO_OPTIONS, type IstioOptions } from '../dialects/istio/options.ts';
import { LIMPET_KINDS, resolveSessionPolicies } from '../dialects/limpet/limpet.ts';
import type { Model } from '../model/model.ts';
import type { DialectModel } from '../resources/dialect.ts';
import { createKubernetes, KUBERNETES_KINDS } from '../resources/kubernetes/kubernetes.ts';
import { compareText, nameOf } from '../resources/resource.ts';
import type { ResourceSet } from '../resources/resource-set.ts';

export interface TranslateOptions {
  readonly istio?: Partial<IstioOptions>;
}

export interface Translation {
  readonly model: Model;
  /** Texts of the key rings that the model names. They hold secrets: beside the model, never in it, and never printed. */
  readonly keyRings: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The model that all resources of all dialects come to, and what there is to say about them. The order in which
 * sources list their resources plays no part: listeners, clusters and diagnostics have an order of their own.
 */
export function translate(resources: ResourceSet, options: TranslateOptions = {}): Translation {
  const sink = new DiagnosticSink();
  reportUnknownKinds(resources, sink);
  const kubernetes = createKubernetes(resources, sink);
  const sessions = resolveSessionPolicies(resources, sink);
  const istio = { ...DEFAULT_ISTIO_OPTIONS, ...options.istio, isSessionTarget: sessions.isTarget };
  const parts: DialectModel[] = [
    translateIstio(resources, kubernetes, istio, sink),
    translateGatewayApi(resources, kubernetes, [attachGloo(resources, kubernetes, sink)], sink),
  ];
  const services = new Map(parts.flatMap((part) => [...part.services]));
  const model = sessions.attach(join(parts, sink), services);
  return { model, keyRings: sessions.keyRings, diagnostics: sink.sorted() };
}

const KNOWN_KINDS: ReadonlySet<string> = new Set(
  [...KUBERNETES_KINDS, ...ISTIO_KINDS, ...GATEWAY_API_KINDS, ...GLOO_KINDS, ...LIMPET_KINDS].map(
    ([group, kind]) => `${group}/${kind}`,
  ),
);

/** Whoever writes these expects them to keep requests out. */
const GUARDING_GROUPS: ReadonlySet<string> = new Set(['security.istio.io', 'authentication.istio.io']);

function reportUnknownKinds(resources: ResourceSet, sink: DiagnosticSink): void {
  for (const resource of resources.all) {
    if (KNOWN_KINDS.has(`${resource.group}/${resource.kind}`)) continue;
    const what = `${resource.kind} ${nameOf(resource)} (${resource.apiVersion})`;
    const at = resource.position(['kind']);
    if (GUARDING_GROUPS.has(resource.group)) {
      sink.report('warning', 'unknown-kind', at, `${what} is not enforced: what it forbids is let through`);
    } else {
      sink.report('note', 'unknown-kind', at, `${what} is of a kind that Limpet does not read`);
    }
  }
}

function join(parts: readonly DialectModel[], sink: DiagnosticSink): Model {
  const listeners = parts.flatMap((part) => part.listeners);
  const byPlace = new Map<string, (typeof listeners)[number]>();
  for (const listener of listeners) {
    const place = `${listener.address}:${listener.port}`;
    const first = byPlace.get(place);
    if (first === undefined) {
      byPlace.set(place, listener);
      continue;
    }
    const { source, line, column } = listener.origin;
    const message = `port ${listener.port} is already taken by ${first.origin.kind} ${first.origin.namespace}/${first.origin.name}`;
    sink.report('error', 'conflict', { source, line, column, endColumn: column }, message, 'Use another port.');
  }
  return {
    listeners: [...byPlace.values()].sort((a, b) => a.port - b.port || compareText(a.address, b.address)),
    clusters: parts.flatMap((part) => part.clusters).sort((a, b) => compareText(a.name, b.name)),
  };
}
