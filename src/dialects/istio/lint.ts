import type { Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { Findings, Written } from '../../resources/written.ts';
import { lintCookie } from './lint-cookie.ts';
import { lintCookiePaths } from './lint-cookie-path.ts';
import { lintHash } from './lint-hash.ts';
import { lintRings } from './lint-ring.ts';
import { forwardsOf } from './lint-routes.ts';
import { lintSessionLabels } from './lint-session-label.ts';
import { lintUnmatchedRules } from './lint-unmatched-rule.ts';
import { lintWeights } from './lint-weights.ts';
import type { ActionContext } from './resolve-destination.ts';
import { toFullHost } from './resolve-names.ts';
import type { BoundRules } from './resolve-virtual-services.ts';

/** What is legal and costs sessions all the same: warnings, each with a code of its own (docs/dialects/istio.md#lints). */
export function lintIstio(context: ActionContext, resources: ResourceSet, bound: readonly BoundRules[]): void {
  const { mesh } = context.options;
  const isLocalityOn = mesh.localityLbSetting?.enabled !== false;
  for (const resource of resources.ofKind('networking.istio.io', 'DestinationRule')) {
    const spec = new Written(resource.value).at('spec');
    // A SessionPolicy takes the place of what this one says of affinity.
    if (isSessionTarget(context, spec.at('host').value, resource)) continue;
    const findings = new Findings();
    lintHash(spec, isLocalityOn, findings);
    lintCookie(spec, findings);
    for (const { severity, code, path, part, message, help } of findings.all)
      context.sink.report(severity, code, resource.position(path, part), message, help);
  }
  const forwards = forwardsOf(context, bound);
  lintCookiePaths(context, forwards);
  lintWeights(context, forwards);
  lintRings(context);
  lintSessionLabels(context, forwards);
  lintUnmatchedRules(context, resources);
}

function isSessionTarget({ options, registry }: ActionContext, host: unknown, rule: Resource): boolean {
  if (typeof host !== 'string') return false;
  const service = registry.visible(toFullHost(host, rule.metadata.namespace, options.clusterDomain));
  return service !== undefined && options.isSessionTarget(service.resource);
}
