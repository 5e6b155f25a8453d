import type { EndpointGroup, Locality } from '../../model/cluster.ts';
import { compareText } from '../../resources/resource.ts';
import type { PlacedEndpoint } from './istio-service.ts';
import type { LocalityLbSetting } from './schema-load-balancer.ts';

/** What decides how near an endpoint is. */
export interface LocalityRule {
  readonly setting: LocalityLbSetting;
  /** Something tells which endpoints are lost, without which a farther one would never be asked. */
  readonly canFailOver: boolean;
}

/** Where the gateway runs, and what its pod carries. */
export interface GatewayPlace {
  readonly locality: Locality;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The groups of a cluster: one for each locality, with the priorities or weights that locality load balancing gives
 * them (istio-affinity §7); null: it is switched off.
 */
export function resolveGroups(
  placed: readonly PlacedEndpoint[],
  rule: LocalityRule | null,
  gateway: GatewayPlace,
): EndpointGroup[] {
  const equal = () => groupBy(placed, () => 0);
  if (rule === null) return equal();
  if (rule.setting.distribute.length > 0) return distribute(equal(), rule.setting, gateway);
  if (!rule.canFailOver) return equal();
  const { failoverPriority, failover } = rule.setting;
  const byLabels = (endpoint: PlacedEndpoint) => labelPriority(endpoint, failoverPriority, gateway);
  const byLocality = ({ locality }: PlacedEndpoint) => localityPriority(locality, failover, gateway.locality);
  if (failoverPriority.length === 0) return withoutGaps(groupBy(placed, byLocality));
  if (failover.length === 0) return withoutGaps(groupBy(placed, byLabels));
  // With both, the labels decide first and the localities among what they leave equal.
  return withoutGaps(groupBy(placed, (endpoint) => byLabels(endpoint) * LOCALITY_PRIORITIES + byLocality(endpoint)));
}

function groupBy(placed: readonly PlacedEndpoint[], priorityOf: (endpoint: PlacedEndpoint) => number): EndpointGroup[] {
  const groups = Map.groupBy(placed, (one) => `${priorityOf(one)} ${formatLocality(one.locality)}`);
  const emitted = [...groups.values()].flatMap((members): EndpointGroup[] => {
    const [first] = members;
    if (first === undefined) return [];
    const endpoints = members.map(({ endpoint }) => endpoint);
    const weight = endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
    return [{ locality: first.locality, priority: priorityOf(first), weight, endpoints }];
  });
  return emitted.sort(
    (a, b) => a.priority - b.priority || compareText(formatLocality(a.locality), formatLocality(b.locality)),
  );
}

/** As many as `localityPriority` gives. */
const LOCALITY_PRIORITIES = 5;

/** Same sub-zone 0, zone 1, region 2, elsewhere 3, or 4 where `failover` sends this region somewhere else. */
function localityPriority(locality: Locality, failover: LocalityLbSetting['failover'], own: Locality): number {
  if (locality.region !== own.region) {
    const to = failover.find(({ from }) => from === own.region)?.to;
    return to === undefined || to === locality.region ? 3 : 4;
  }
  if (locality.zone !== own.zone) return 2;
  return locality.subZone === own.subZone ? 0 : 1;
}

/**
 * The more labels agree with the gateway's from the first on, the better; `label=value` asks for that value instead.
 * One that neither has agrees.
 */
function labelPriority(one: PlacedEndpoint, failoverPriority: readonly string[], gateway: GatewayPlace): number {
  const theirs = withTopology({ ...one.endpoint.labels, [HOSTNAME_LABEL]: one.nodeName }, one.locality);
  const own = withTopology(gateway.labels, gateway.locality);
  const differing = failoverPriority.findIndex((entry) => {
    const equals = entry.indexOf('=');
    const label = equals === -1 ? entry : entry.slice(0, equals);
    const wanted = equals === -1 ? (own[label] ?? '') : entry.slice(equals + 1);
    return (theirs[label] ?? '') !== wanted;
  });
  return differing === -1 ? 0 : failoverPriority.length - differing;
}

export const HOSTNAME_LABEL = 'kubernetes.io/hostname';

function withTopology(labels: Readonly<Record<string, string>>, locality: Locality): Readonly<Record<string, string>> {
  return {
    ...labels,
    'topology.kubernetes.io/region': locality.region,
    'topology.kubernetes.io/zone': locality.zone,
    'topology.istio.io/subzone': locality.subZone,
  };
}

/** Priorities must follow each other (Envoy's rule), so unused ones close up. */
function withoutGaps(groups: readonly EndpointGroup[]): EndpointGroup[] {
  const used = [...new Set(groups.map(({ priority }) => priority))].sort((a, b) => a - b);
  return groups.map((group) => ({ ...group, priority: used.indexOf(group.priority) }));
}

/** Weights by locality from the entry that speaks of the gateway's; localities it does not name get nothing. */
function distribute(
  groups: readonly EndpointGroup[],
  setting: LocalityLbSetting,
  gateway: GatewayPlace,
): EndpointGroup[] {
  const entry = setting.distribute.find(({ from }) => matchesLocality(from, gateway.locality));
  if (entry === undefined) return [...groups];
  const weighted = new Map<EndpointGroup, EndpointGroup>();
  // The longest pattern first, so that a wildcard takes what is left.
  for (const [pattern, share] of Object.entries(entry.to).sort(([a], [b]) => b.length - a.length)) {
    const matched = groups.filter((group) => !weighted.has(group) && matchesLocality(pattern, group.locality));
    const total = matched.reduce((sum, { weight }) => sum + (weight ?? 1), 0);
    for (const group of matched) {
      weighted.set(group, { ...group, weight: Math.ceil(((group.weight ?? 1) * share) / total) });
    }
  }
  return groups.flatMap((group) => weighted.get(group) ?? []);
}

/** `region/zone/subzone`, in which `*` stands for all that follows. */
function matchesLocality(pattern: string, locality: Locality): boolean {
  const wanted = pattern.split('/');
  const parts = [locality.region, locality.zone, locality.subZone];
  for (const [index, part] of parts.entries()) {
    const want = wanted[index];
    if (want === undefined || want === '*') return true;
    if (want !== part) return false;
  }
  return true;
}

function formatLocality({ region, zone, subZone }: Locality): string {
  return `${region}/${zone}/${subZone}`;
}
