import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { ResolvedCluster } from './emit-cluster.ts';
import { clusterName } from './emit-cluster.ts';
import type { IstioOptions } from './options.ts';
import type { DestinationRules } from './resolve-destination-rules.ts';
import { clusterPolicy } from './resolve-policy.ts';
import type { ServiceRegistry } from './resolve-services.ts';

/** Gathers the clusters that routes name. One that can't exist (no such service, port or subset) is left out: 503. */
export interface ClusterPlan {
  use(host: string, port: number, subset: string): void;
  readonly resolved: readonly ResolvedCluster[];
}

export function createClusterPlan(
  registry: ServiceRegistry,
  rules: DestinationRules,
  options: IstioOptions,
): ClusterPlan {
  const byName = new Map<string, ResolvedCluster>();
  const use: ClusterPlan['use'] = (host, number, subset) => {
    const name = clusterName(host, number, subset);
    const service = registry.visible(host);
    const port = service?.ports.find((candidate) => candidate.number === number);
    if (byName.has(name) || service === undefined || port === undefined) return;
    const rule = rules.find(host, service.namespace);
    const definition = rule?.subsets.get(subset)?.value;
    if (subset !== '' && definition === undefined) return;
    byName.set(name, {
      service,
      port,
      subset,
      subsetLabels: definition?.labels ?? {},
      policy: clusterPolicy(rule, number, subset),
    });
  };
  if (options.allClusters) useAll(registry, rules, use);
  return {
    use,
    get resolved() {
      return [...byName.values()];
    },
  };
}

function useAll(registry: ServiceRegistry, rules: DestinationRules, use: ClusterPlan['use']): void {
  for (const { host, namespace, ports } of registry.all) {
    const subsets = rules.find(host, namespace)?.subsets.keys() ?? [];
    for (const { number } of ports) {
      use(host, number, '');
      for (const subset of subsets) use(host, number, subset);
    }
  }
}

/** Says where a route's cluster has nobody to answer. */
export function reportEmptyClusters(
  clusters: readonly ResolvedCluster[],
  names: ReadonlySet<string>,
  sink: DiagnosticSink,
): void {
  for (const { service, port, subset } of clusters) {
    const name = clusterName(service.host, port.number, subset);
    if (!names.has(name)) continue;
    const part = subset === '' ? '' : ` in subset ${JSON.stringify(subset)}`;
    const message = `port ${port.number} of ${service.host} has no endpoint that may serve${part}`;
    const help = 'Its requests are answered 503. Labels of a subset are compared with those of the pods.';
    sink.report(
      'warning',
      'no-endpoints',
      service.resource.position(['metadata', 'name']),
      message,
      subset === '' ? 'Its requests are answered 503.' : help,
    );
  }
}
