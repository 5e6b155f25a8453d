import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeSpec } from '../../resources/decode.ts';
import { byAge, type FieldPath, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import type { IstioOptions } from './options.ts';
import { covers, isExportedTo, isPrivate, isWildcard, toFullHost } from './resolve-names.ts';
import {
  type DestinationRuleSpec,
  destinationRuleSpec,
  type Subset,
  type TrafficPolicy,
} from './schema-destination-rule.ts';

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
  const merged = mergeRules(readRules(resources, sink), options);
  const { namespace, rootNamespace } = options;
  const isSeen = (rule: MergedRule) => isExportedTo(rule.exportTo, rule.namespace, namespace);
  return {
    find(host, serviceNamespace) {
      const own = merged.filter((rule) => rule.namespace === namespace);
      const steps = [
        namespace === rootNamespace ? own.filter((rule) => isPrivate(rule.exportTo, namespace)) : own,
        merged.filter((rule) => rule.namespace === serviceNamespace && isSeen(rule)),
        merged.filter((rule) => rule.namespace === rootNamespace && isSeen(rule)),
      ];
      for (const candidates of steps) {
        const rule = mostSpecific(candidates, host, options);
        if (rule !== null) return rule;
      }
      return null;
    },
  };
}

type ReadRule = Placed<DestinationRuleSpec>;

/** Rules with a workload selector first, then by age: the order in which they are merged. */
function readRules(resources: ResourceSet, sink: DiagnosticSink): ReadRule[] {
  const rules: ReadRule[] = [];
  for (const resource of resources.ofKind('networking.istio.io', 'DestinationRule').toSorted(byAge)) {
    const value = decodeSpec(resource, destinationRuleSpec, sink);
    if (value !== null) rules.push({ value, resource, path: ['spec'] });
  }
  return rules.sort((a, b) => Number(b.value.workloadSelector !== null) - Number(a.value.workloadSelector !== null));
}

function mergeRules(rules: readonly ReadRule[], options: IstioOptions): MergedRule[] {
  const merged: MergedRule[] = [];
  for (const rule of rules) {
    const next = toMergedRule(rule, options);
    const index = merged.findIndex((earlier) => canMerge(earlier, next));
    const earlier = merged[index];
    if (earlier === undefined) merged.push(next);
    else {
      // The earlier rule's policy stays whole, its subsets win by name, and only its visibility counts.
      merged[index] = {
        ...earlier,
        policy: earlier.policy ?? next.policy,
        subsets: new Map([...next.subsets, ...earlier.subsets]),
      };
    }
  }
  return merged;
}

function toMergedRule({ value, resource }: ReadRule, options: IstioOptions): MergedRule {
  const { namespace } = resource.metadata;
  const subsets = new Map<string, Placed<Subset>>();
  for (const [index, subset] of value.subsets.entries()) {
    if (subset === null || subsets.has(subset.name)) continue;
    subsets.set(subset.name, { value: subset, resource, path: ['spec', 'subsets', index] });
  }
  return {
    host: toFullHost(value.host, namespace, options.clusterDomain),
    namespace,
    exportTo: value.exportTo,
    selector: value.workloadSelector?.matchLabels ?? null,
    policy:
      value.trafficPolicy === null ? null : { value: value.trafficPolicy, resource, path: ['spec', 'trafficPolicy'] },
    subsets,
  };
}

function canMerge(earlier: MergedRule, later: MergedRule): boolean {
  return (
    earlier.host === later.host &&
    earlier.namespace === later.namespace &&
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

/** Selected by the gateway's labels before unselected, exact before wildcard, long wildcard before short. */
function mostSpecific(candidates: readonly MergedRule[], host: string, options: IstioOptions): MergedRule | null {
  let best: MergedRule | null = null;
  for (const rule of candidates) {
    if (!covers(rule.host, host) || !selects(rule, options)) continue;
    if (best === null || rank(rule) > rank(best)) best = rule;
  }
  return best;
}

function rank(rule: MergedRule): number {
  const specificity = isWildcard(rule.host) ? rule.host.length : 1000;
  return specificity * 2 + (rule.selector === null ? 0 : 1);
}

/** A selector counts only inside its own namespace. */
function selects(rule: MergedRule, options: IstioOptions): boolean {
  if (rule.selector === null) return true;
  if (rule.namespace !== options.namespace) return false;
  return Object.entries(rule.selector).every(([key, value]) => options.labels[key] === value);
}
