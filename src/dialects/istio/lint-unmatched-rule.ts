import type { ResourceSet } from '../../resources/resource-set.ts';
import { Written } from '../../resources/written.ts';
import type { ActionContext } from './resolve-destination.ts';
import { toFullHost } from './resolve-names.ts';
import { covers } from './rules-names.ts';

/** DestinationRules that no service of this gateway has, or that stand where Istio does not look (istio-affinity §2). */
export function lintUnmatchedRules({ registry, options, sink }: ActionContext, resources: ResourceSet): void {
  for (const resource of resources.ofKind('networking.istio.io', 'DestinationRule')) {
    const { namespace } = resource.metadata;
    const written = new Written(resource.value).at('spec').at('host').text;
    if (written === '') continue;
    const host = toFullHost(written, namespace, options.clusterDomain);
    const matched = registry.all.filter((service) => covers(host, service.host));
    const at = resource.position(['spec', 'host']);
    if (matched.length === 0 && registry.visible(host) === undefined) {
      const help = unmatchedHelp(written, namespace, options);
      sink.report('warning', 'unmatched-rule', at, `no service that this gateway sees has the host ${host}`, help);
    } else if (
      matched.length > 0 &&
      !isLookedAt(
        namespace,
        matched.map((service) => service.namespace),
        options,
      )
    ) {
      const message = `Istio does not look for rules of ${host} in namespace ${namespace}, so this one does nothing`;
      const help = `Put it into the namespace of the gateway (${options.namespace}) or of the service (${matched[0]?.namespace}).`;
      sink.report('warning', 'unmatched-rule', at, message, help);
    }
  }
}

function unmatchedHelp(written: string, namespace: string, { clusterDomain }: ActionContext['options']): string {
  if (!written.includes('.')) return `A name without a dot is a Service of namespace ${namespace}.`;
  const whole = `.svc.${clusterDomain}`;
  if (written.startsWith('*') || written.toLowerCase().endsWith(whole))
    return 'Give its Service too, or see whether that is exported to this gateway.';
  return `A name with a dot is taken as it is: write the full name, as NAME.NAMESPACE${whole}.`;
}

function isLookedAt(namespace: string, ofServices: readonly string[], options: ActionContext['options']): boolean {
  return namespace === options.namespace || namespace === options.rootNamespace || ofServices.includes(namespace);
}
