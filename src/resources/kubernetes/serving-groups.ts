import type { EndpointGroup, EndpointHealth } from '../../model/cluster.ts';
import { compareText } from '../resource.ts';
import { type KubernetesEndpoint, toEndpoint } from './endpoint.ts';
import type { Kubernetes } from './kubernetes.ts';

/**
 * Endpoints as Kubernetes means its conditions: ready ones serve, terminating ones that still serve keep what they
 * have (draining), others are left out. One group for each locality, all of priority 0.
 */
export function emitServingGroups(endpoints: readonly KubernetesEndpoint[], kubernetes: Kubernetes): EndpointGroup[] {
  const placed = endpoints.flatMap((found) => {
    const health = healthOf(found);
    if (health === null) return [];
    return [{ locality: kubernetes.nodeLocality(found.nodeName), endpoint: toEndpoint(found, health) }];
  });
  const byLocality = Map.groupBy(placed, ({ locality }) => `${locality.region}/${locality.zone}/${locality.subZone}`);
  return [...byLocality]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, members]) => {
      const [first] = members;
      if (first === undefined) return [];
      return [
        { locality: first.locality, priority: 0, weight: null, endpoints: members.map(({ endpoint }) => endpoint) },
      ];
    });
}

function healthOf({ ready, serving, terminating }: KubernetesEndpoint): EndpointHealth | null {
  if (ready ?? true) return 'healthy';
  return terminating === true && (serving ?? false) ? 'draining' : null;
}
