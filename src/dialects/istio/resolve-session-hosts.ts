import { isRecord, itemsOf } from '../../resources/plain-value.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import type { IstioOptions } from './options.ts';
import { toFullHost } from './resolve-names.ts';

/**
 * Hosts that VirtualServices with a SessionPolicy send to. Their endpoints are needed before routes are resolved, so this
 * reads the destinations alone, as they stand.
 */
export function sessionHosts(resources: ResourceSet, options: IstioOptions): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const resource of resources.ofKind('networking.istio.io', 'VirtualService')) {
    if (!options.isSessionTarget(resource)) continue;
    for (const rule of itemsOf(resource.value['spec'], 'http')) {
      for (const route of itemsOf(rule, 'route')) {
        const destination = isRecord(route) ? route['destination'] : null;
        const host = isRecord(destination) ? destination['host'] : null;
        if (typeof host !== 'string') continue;
        hosts.add(toFullHost(host, resource.metadata.namespace, options.clusterDomain));
      }
    }
  }
  return hosts;
}
