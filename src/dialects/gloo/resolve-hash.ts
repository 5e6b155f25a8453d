import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { HashPolicy } from '../../model/affinity.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ForwardAction } from '../../model/route.ts';
import type { RouteTarget } from '../../resources/attachment.ts';
import { nameOf, type Resource } from '../../resources/resource.ts';
import type { ServicePortRef } from '../../resources/session-targets.ts';
import type { MergedOptions } from './resolve-options.ts';

export interface KnownUpstream {
  readonly resource: Resource;
  readonly cluster: Cluster;
  /** null: it lists its hosts itself. */
  readonly service: ServicePortRef | null;
}

/** A hash takes two: a route that computes it and an Upstream that places by it. Gloo says nothing where one is missing. */
export function reportUselessHash(
  target: RouteTarget,
  action: ForwardAction,
  { lbHash }: MergedOptions,
  policies: readonly HashPolicy[],
  upstreams: readonly KnownUpstream[],
  sink: DiagnosticSink,
): void {
  for (const { cluster: name } of action.targets) {
    if (name === '') continue;
    const upstream = upstreams.find(({ cluster }) => cluster.name === name);
    if (isHashing(upstream) && policies.length === 0) reportMissingHash(target, upstream, sink);
    if (!isHashing(upstream) && lbHash !== null && policies.length > 0) {
      reportMissingTable(target, lbHash.resource, upstream, sink);
    }
  }
}

function isHashing(upstream: KnownUpstream | undefined): upstream is KnownUpstream {
  return upstream?.cluster.balancer.kind === 'ringHash' || upstream?.cluster.balancer.kind === 'maglev';
}

function reportMissingHash(target: RouteTarget, { resource, cluster }: KnownUpstream, sink: DiagnosticSink): void {
  const at = resource.position(['spec', 'loadBalancerConfig', cluster.balancer.kind], 'key');
  const route = nameOf(target.route);
  const message = `HTTPRoute ${route} gives Upstream ${nameOf(resource)} no hash, so its requests go to random endpoints`;
  sink.report('warning', 'no-affinity', at, message, 'Attach a RouteOption with lbHash to the route.');
}

function reportMissingTable(
  target: RouteTarget,
  option: Resource,
  upstream: KnownUpstream | undefined,
  sink: DiagnosticSink,
): void {
  const at = option.position(['spec', 'options', 'lbHash'], 'key');
  const what =
    upstream === undefined
      ? `a Service behind HTTPRoute ${nameOf(target.route)}`
      : `Upstream ${nameOf(upstream.resource)}`;
  const message = `${what} does not place requests by hash, so this lbHash has no effect there and sets no cookie`;
  const help =
    upstream === undefined
      ? 'Use an Upstream with ringHash or maglev as the backend.'
      : 'Give the Upstream loadBalancerConfig.ringHash or maglev.';
  sink.report('warning', 'no-affinity', at, message, help);
}
