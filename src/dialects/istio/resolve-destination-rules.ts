import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { byAge, type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { decodeIstio } from './decode-istio.ts';
import type { IstioOptions } from './options.ts';
import { isWildcard, toFullHost } from './resolve-names.ts';
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
  const rules = readRules(resources, sink).map((rule) => toMergedRule(rule, options));
  const pool = (isIn: (rule: MergedRule) => boolean): RulePool => indexRules(mergeRules(rules.filter(isIn), sink));
  // The root namespace is everybody's: of a gateway there, only what nobody else sees is its own.
  const own = pool((rule) => {
    if (rule.namespace !== namespace) return false;
    return namespace === rootNamespace ? isPrivateOnly(rule, options) : isSeenAtHome(rule);
  });
  const exported = new Map<string, RulePool>();
  for (const name of new Set(rules.map((rule) => rule.namespace)))
    exported.set(
      name,
      pool((rule) => rule.namespace === name && !isPrivateOnly(rule, options)),
    );
  return {
    find(host, serviceNamespace) {
      const exportedFrom = (where: string): MergedRule[] =>
        mostSpecific(exported.get(where), host).filter((rule) => isSeenFrom(rule, namespace));
      const found = [
        () => mostSpecific(own, host),
        () => exportedFrom(serviceNamespace),
        () => exportedFrom(rootNamespace),
      ];
      for (const look of found) {
        const candidates = look();
        if (candidates.length > 0) return choose(candidates, options);
      }
      return null;
    },
  };
}

/** Whether nobody outside its namespace sees a rule; a selector makes it so. */
function isPrivateOnly({ exportTo, namespace }: MergedRule, { mesh }: IstioOptions): boolean {
  if (exportTo.length === 0) return mesh.defaultDestinationRuleExportTo.includes('.');
  return exportTo.length === 1 && (exportTo[0] === '.' || exportTo[0] === namespace);
}

function isSeenAtHome({ exportTo, namespace }: MergedRule): boolean {
  return exportTo.length === 0 || exportTo.some((to) => to === '*' || to === '.' || to === namespace);
}

function isSeenFrom({ exportTo }: MergedRule, namespace: string): boolean {
  return exportTo.length === 0 || exportTo.includes('*') || exportTo.includes(namespace);
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

/**
 * The rules of one pool by host. A rule is merged into each earlier one that is seen by the same namespaces or by fewer,
 * as they are written, and does not contradict its selector; it also stands by itself unless the last of those that it
 * was held against took it in whole (mergeDestinationRule of Istio 1.30).
 */
function mergeRules(rules: readonly MergedRule[], sink: DiagnosticSink): MergedRule[] {
  const merged = new Map<string, MergedRule[]>();
  for (const next of rules) {
    const ofHost = merged.get(next.host) ?? [];
    merged.set(next.host, ofHost);
    let takenBy: MergedRule | null = null;
    for (const [index, earlier] of ofHost.entries()) {
      takenBy = null;
      const isEqual = isWithin(earlier.exportTo, next.exportTo) && isWithin(next.exportTo, earlier.exportTo);
      const isWider = earlier.exportTo.length > 0 && isWithin(earlier.exportTo, next.exportTo);
      if (!isEqual && !isWider) continue;
      const areBothSelected = earlier.selector !== null && next.selector !== null;
      if (areBothSelected && !sameLabels(earlier.selector, next.selector)) continue;
      const areAlike = areBothSelected || (earlier.selector === null && next.selector === null);
      // The earlier rule's policy stays whole, its subsets win by name, and only its visibility counts.
      const subsets = new Map([...next.subsets, ...earlier.subsets]);
      ofHost[index] = { ...earlier, policy: earlier.policy ?? next.policy, subsets };
      if (isEqual || areAlike) takenBy = earlier;
    }
    if (takenBy === null) ofHost.push(next);
    else reportMerge(takenBy, next, sink);
  }
  return [...merged.values()].flat();
}

function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((one) => outer.includes(one));
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
  const lost = later.exportTo.filter((namespace) => !earlier.exportTo.includes(namespace));
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
    exportTo: value.workloadSelector === null ? value.exportTo : ['.'],
    selector: value.workloadSelector?.matchLabels ?? null,
    policy:
      value.trafficPolicy === null ? null : { value: value.trafficPolicy, resource, path: ['spec', 'trafficPolicy'] },
    subsets,
  };
}

function sameLabels(a: MergedRule['selector'], b: MergedRule['selector']): boolean {
  if (a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Rules that are looked through together: exact hosts by name, wildcards from the longest. */
interface RulePool {
  readonly exact: ReadonlyMap<string, readonly MergedRule[]>;
  readonly wildcards: readonly MergedRule[];
}

function indexRules(rules: readonly MergedRule[]): RulePool {
  return {
    exact: Map.groupBy(
      rules.filter(({ host }) => !isWildcard(host)),
      ({ host }) => host,
    ),
    wildcards: rules.filter(({ host }) => isWildcard(host)).sort((a, b) => b.host.length - a.host.length),
  };
}

/** The rules of the one host that covers `host` best: exact before wildcard, long wildcard before short. */
function mostSpecific(pool: RulePool | undefined, host: string): readonly MergedRule[] {
  const exact = pool?.exact.get(host);
  if (exact !== undefined) return exact;
  const wildcards = pool?.wildcards.filter((rule) => covers(rule.host, host)) ?? [];
  return wildcards.filter((rule) => rule.host === wildcards[0]?.host);
}

/** The first that selects the gateway, or else the last without a selector. */
function choose(candidates: readonly MergedRule[], options: IstioOptions): MergedRule | null {
  const selected = candidates.find((rule) => rule.selector !== null && selects(rule, options));
  return selected ?? candidates.findLast(({ selector }) => selector === null) ?? null;
}

/** A selector counts only inside its own namespace. */
function selects(rule: MergedRule, options: IstioOptions): boolean {
  if (rule.selector === null) return true;
  if (rule.namespace !== options.namespace) return false;
  return Object.entries(rule.selector).every(([key, value]) => options.labels[key] === value);
}
