import { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import { type ActionContext, type ResolvedDestination, resolveDestination } from './resolve-destination.ts';
import type { Placed } from './resolve-destination-rules.ts';
import { routeHash } from './resolve-policy.ts';
import type { BoundRules } from './resolve-virtual-services.ts';
import type { ConsistentHash } from './schema-load-balancer.ts';
import type { HttpRule } from './schema-virtual-service.ts';

/** A rule that forwards, with what its destinations come to. */
export interface Forward {
  readonly rule: HttpRule;
  readonly resource: Resource;
  readonly path: FieldPath;
  readonly targets: readonly ForwardTarget[];
}

export interface ForwardTarget extends ResolvedDestination {
  readonly weight: number;
  /** The hash that the route computes for it. */
  readonly hash: Placed<ConsistentHash> | null;
}

/** The rules that some server of this gateway serves, each once. What is wrong with them has been said. */
export function forwardsOf(context: ActionContext, bound: readonly BoundRules[]): Forward[] {
  const quiet: ActionContext = { ...context, sink: new DiagnosticSink() };
  const seen = new Map<HttpRule, Forward>();
  for (const { service, server } of bound) {
    for (const { rule, resource, path } of service.rules) {
      if (seen.has(rule) || rule.route.length === 0) continue;
      const targets = rule.route.map(({ destination, weight }, index): ForwardTarget => {
        const place = { resource, path: [...path, 'route', index, 'destination'], listenerPort: server.port };
        const found = resolveDestination(quiet, destination, place);
        return { ...found, weight, hash: routeHash(found.rule, found.port, destination.subset) };
      });
      seen.set(rule, { rule, resource, path, targets });
    }
  }
  return [...seen.values()];
}
