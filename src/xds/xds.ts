import type { DiagnosticSink } from '../diagnostics/sink.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Listener } from '../model/listener.ts';
import type { Model } from '../model/model.ts';
import { emitCluster, isListedByEds } from './cluster.ts';
import type { EmitContext } from './emit-context.ts';
import { emitListener } from './listener.ts';
import { emitLoadAssignment } from './load-assignment.ts';
import type { Message } from './proto-json.ts';
import { emitRouteConfiguration } from './route-configuration.ts';

/** Resources of Envoy's discovery services, each kind in the order of its names. */
export interface XdsResources {
  readonly listeners: readonly Message[];
  readonly routes: readonly Message[];
  readonly clusters: readonly Message[];
  readonly endpoints: readonly Message[];
}

/** Namespace of Istio's gateway, whose Secrets Istio names without it. */
const GATEWAY_NAMESPACE = 'istio-system';

/** What a control plane would hand to Envoys that serve this model. What Envoy can't do is reported at its line. */
export function toXds(model: Model, sink: DiagnosticSink, secretNamespace: string = GATEWAY_NAMESPACE): XdsResources {
  const context: EmitContext = { inline: false, secretsFolder: null, secretNamespace, sink };
  return {
    listeners: sorted(emitListeners(context, model.listeners), 'name'),
    routes: sorted(
      model.listeners.flatMap((listener) => emitRoutes(context, listener)),
      'name',
    ),
    clusters: sorted(emitClusters(context, model.clusters), 'name'),
    endpoints: sorted(model.clusters.filter(isListedByEds).map(emitLoadAssignment), 'clusterName'),
  };
}

export function emitListeners(context: EmitContext, listeners: readonly Listener[]): Message[] {
  return listeners.map((listener) => emitListener(context, listener)).filter((listener) => listener !== null);
}

export function emitClusters(context: EmitContext, clusters: readonly Cluster[]): Message[] {
  return clusters.map((cluster) => emitCluster(context, cluster)).filter((cluster) => cluster !== null);
}

function emitRoutes(context: EmitContext, { chains }: Listener): Message[] {
  return chains.flatMap(({ name, proxy }) =>
    proxy.kind === 'http' ? [emitRouteConfiguration(context, name, proxy)] : [],
  );
}

function sorted(resources: readonly Message[], key: string): Message[] {
  const nameOf = (resource: Message): string => String(resource[key]);
  return resources.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
}
