import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { byAge, type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { decodeIstio } from './decode-istio.ts';
import type { IstioOptions } from './options.ts';
import { isExportedTo, isPrivate, isWildcard, orDefault, toFullHost } from './resolve-names.ts';
import { destinationRuleRules } from './rules-destination-rule.ts';
import { covers } from './rules-names.ts';
import {
  type DestinationRuleSpec,
  destinationRuleSpec,
  type Subset,
  type TrafficPolicy,
} from './schema-destination-rule.ts';
import { keepUnreadableTls } from './unreadable-tls.ts';

/** A value with the place it was written at. */
export interface Placed<T> {
  readonly value: T;
  readonly resource: Resource;
  readonly path: FieldPath;
}

/** The DestinationRules of one host and namespace, merged. */
export interface DestinationRule {
  readonly host: string;
  readonly policy: Placed<TrafficPolicy> | null;
  readonly subsets: ReadonlyMap<string, Placed<Subset>>;
}

interface MergedRule extends DestinationRule {
  readonly namespace: string;
  readonly exportTo: readonly string[];
  readonly selector: Readonly<Record<string, string>> | null;
  /** The first of those it is merged from. */
  readonly resource: Resource;
}

export interface DestinationRules {
  /** The one rule that applies to a service, or null (istio-affinity §2). */
  find(host: string, serviceNamespace: string): DestinationRule | null;
}

export function createDestinationRules(
  resources: ResourceSet,
  options: IstioOptions,
  sink: DiagnosticSink,
): DestinationRules {
  const { namespace, rootNamespace } = options;
  const byNamespace = Map.groupBy(readRules(resources, sink), ({ resource }) => resource.metadata.namespace);
  const merged = new Map([...byNamespace].map(([name, rules]) => [name, indexRules(mergeRules(rules, options, sink))]));
  const isPrivateHere = (rule: MergedRule) => isPrivate(rule.exportTo, namespace);
  const isSeen = (rule: MergedRule) => isExportedTo(rule.exportTo, rule.namespace, namespace);
  return {
    find(host, serviceNamespace) {
      const search = (where: string, isUsable: (rule: MergedRule) => boolean) =>
        mostSpecific(merged.get(where), host, (rule) => isUsable(rule) && selects(rule, options));
      return (
        search(namespace, namespace === rootNamespace ? isPrivateHere : () => true) ??
        search(serviceNamespace, isSeen) ??
        search(rootNamespace, isSeen)
      );
    },
  };
}

type ReadRule = Placed<DestinationRuleSpec>;

/** Rules with a workload selector first, then by age: the order in which they are merged. */
function readRules(resources: ResourceSet, sink: DiagnosticSink): ReadRule[] {
  const rules: ReadRule[] = [];
  for (const resource of resources.ofKind('networking.istio.io', 'DestinationRule').toSorted(byAge)) {
    const value = keepUnreadableTls(resource, decodeIstio(resource, destinationRuleSpec, destinationRuleRules, sink));
    if (value !== null) rules.push({ value, resource, path: ['spec'] });
  }
  return rules.sort((a, b) => Number(b.value.workloadSelector !== null) - Number(a.value.workloadSelector !== null));
}

function mergeRules(rules: readonly ReadRule[], options: IstioOptions, sink: DiagnosticSink): MergedRule[] {
  const merged = new Map<string, MergedRule[]>();
  for (const rule of rules) {
    const next = toMergedRule(rule, options);
    const ofHost = merged.get(next.host) ?? [];
    merged.set(next.host, ofHost);
    const index = ofHost.findIndex((earlier) => canMerge(earlier, next));
    const earlier = ofHost[index];
    // The earlier rule's policy stays whole, its subsets win by name, and only its visibility counts.
    if (earlier === undefined) ofHost.push(next);
    else {
      reportMerge(earlier, next, sink);
      const subsets = new Map([...next.subsets, ...earlier.subsets]);
      ofHost[index] = { ...earlier, policy: earlier.policy ?? next.policy, subsets };
    }
  }
  return [...merged.values()].flat();
}

/** What of the later rule does not count, which nothing in it shows (istio-affinity §2). */
function reportMerge(earlier: MergedRule, later: MergedRule, sink: DiagnosticSink): void {
  const { resource } = later;
  const warn = (path: FieldPath, message: string, part: 'key' | 'value' = 'value') => {
    const help = 'Write one DestinationRule for a host in a namespace.';
    sink.report('warning', 'conflict', resource.position(path, part), message, help);
  };
  if (earlier.policy !== null && later.policy !== null) {
    const owner = nameOf(earlier.policy.resource);
    warn(
      later.policy.path,
      `DestinationRule ${owner} comes first for this host, and its trafficPolicy alone counts`,
      'key',
    );
  }
  for (const [name, { path }] of later.subsets) {
    const owner = earlier.subsets.get(name)?.resource;
    if (owner !== undefined) warn([...path, 'name'], `subset ${name} of DestinationRule ${nameOf(owner)} comes first`);
  }
  const lost = visibilityOf(later).filter((namespace) => !visibilityOf(earlier).includes(namespace));
  if (lost.length === 0) return;
  const who = lost.includes('*') ? 'others do' : `namespace ${lost.join(', ')} does`;
  const message = `this rule is merged into ${nameOf(earlier.resource)} and seen where that one is, so ${who} not see it`;
  warn(later.exportTo.length > 0 ? ['spec', 'exportTo'] : ['spec', 'host'], message);
}

function toMergedRule({ value, resource }: ReadRule, options: IstioOptions): MergedRule {
  const { namespace } = resource.metadata;
  const subsets = new Map<string, Placed<Subset>>();
  for (const [index, subset] of value.subsets.entries()) {
    if (subset === null || subsets.has(subset.name)) continue;
    subsets.set(subset.name, { value: subset, resource, path: ['spec', 'subsets', index] });
  }
  return {
    resource,
    host: toFullHost(value.host, namespace, options.clusterDomain),
    namespace,
    exportTo: orDefault(value.exportTo, options.mesh.defaultDestinationRuleExportTo),
    selector: value.workloadSelector?.matchLabels ?? null,
    policy:
      value.trafficPolicy === null ? null : { value: value.trafficPolicy, resource, path: ['spec', 'trafficPolicy'] },
    subsets,
  };
}

function canMerge(earlier: MergedRule, later: MergedRule): boolean {
  return (
    sameLabels(earlier.selector, later.selector) &&
    visibilityOf(earlier).every((namespace) => visibilityOf(later).includes(namespace))
  );
}

function visibilityOf(rule: MergedRule): readonly string[] {
  if (rule.exportTo.length === 0) return ['*'];
  return rule.exportTo.map((to) => (to === '.' ? rule.namespace : to));
}

function sameLabels(a: MergedRule['selector'], b: MergedRule['selector']): boolean {
  if (a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The rules of one namespace: exact hosts by name, wildcards from the longest. */
interface RuleIndex {
  readonly exact: ReadonlyMap<string, readonly MergedRule[]>;
  readonly wildcards: readonly MergedRule[];
}

function indexRules(rules: readonly MergedRule[]): RuleIndex {
  return {
    exact: Map.groupBy(
      rules.filter(({ host }) => !isWildcard(host)),
      ({ host }) => host,
    ),
    wildcards: rules.filter(({ host }) => isWildcard(host)).sort((a, b) => b.host.length - a.host.length),
  };
}

/** Exact before wildcard, long wildcard before short; of one host, selected by the gateway's labels before unselected. */
function mostSpecific(
  index: RuleIndex | undefined,
  host: string,
  isUsable: (rule: MergedRule) => boolean,
): MergedRule | null {
  const exact = index?.exact.get(host)?.filter(isUsable) ?? [];
  const wildcards = index?.wildcards.filter((rule) => covers(rule.host, host) && isUsable(rule)) ?? [];
  const candidates = exact.length > 0 ? exact : wildcards.filter((rule) => rule.host === wildcards[0]?.host);
  return candidates.find(({ selector }) => selector !== null) ?? candidates[0] ?? null;
}

/** A selector counts only inside its own namespace. */
function selects(rule: MergedRule, options: IstioOptions): boolean {
  if (rule.selector === null) return true;
  if (rule.namespace !== options.namespace) return false;
  return Object.entries(rule.selector).every(([key, value]) => options.labels[key] === value);
}
