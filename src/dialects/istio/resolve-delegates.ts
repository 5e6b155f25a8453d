import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import { Written } from '../../resources/written.ts';
import { isExportedTo } from './resolve-names.ts';
import type { HttpMatch, StringMatchSpec } from './schema-http-match.ts';
import type { HttpRule, VirtualServiceSpec } from './schema-virtual-service.ts';

/** A rule with the place it was written at, which for a delegate's rule is the delegate. */
export interface PlacedRule {
  readonly rule: HttpRule;
  readonly resource: Resource;
  readonly path: FieldPath;
}

export interface ReadVirtualService {
  readonly resource: Resource;
  readonly spec: VirtualServiceSpec;
}

/** By `namespace/name`. */
export type VirtualServicesByName = ReadonlyMap<string, ReadVirtualService>;

/**
 * The rules of a VirtualService, those of its delegates in the place of the rule that names them (istio-affinity §6).
 * A delegate that is not there or can't be seen costs only that rule; it can't delegate further.
 */
export function resolveRules(
  { resource, spec }: ReadVirtualService,
  all: VirtualServicesByName,
  sink: DiagnosticSink,
): PlacedRule[] {
  return spec.http.flatMap((rule, index) => {
    if (rule === null) return [];
    const path = ['spec', 'http', index];
    if (rule.delegate === null) return [{ rule, resource, path }];
    const name = `${rule.delegate.namespace || resource.metadata.namespace}/${rule.delegate.name}`;
    const delegate = all.get(name);
    const at = resource.position([...path, 'delegate', 'name']);
    if (delegate === undefined) {
      sink.report(
        'warning',
        'unresolved-reference',
        at,
        `there is no VirtualService ${name} to delegate to`,
        'The rule is left out.',
      );
      return [];
    }
    if (delegate.spec.hosts.length > 0) {
      const message = `VirtualService ${name} has hosts of its own, so nothing can be delegated to it`;
      sink.report('warning', 'unresolved-reference', at, message, 'The rule is left out. Remove the hosts there.');
      return [];
    }
    if (!isExportedTo(delegate.spec.exportTo, delegate.resource.metadata.namespace, resource.metadata.namespace)) {
      const message = `VirtualService ${name} is not exported to namespace ${resource.metadata.namespace}`;
      sink.report('warning', 'unresolved-reference', at, message, 'The rule is left out.');
      return [];
    }
    return delegatedRules(rule, delegate, resource, sink);
  });
}

function delegatedRules(
  root: HttpRule,
  { resource, spec }: ReadVirtualService,
  from: Resource,
  sink: DiagnosticSink,
): PlacedRule[] {
  return spec.http.flatMap((rule, index) => {
    if (rule === null) return [];
    const path = ['spec', 'http', index];
    const refuse = (message: string): PlacedRule[] => {
      sink.report('warning', 'conflict', resource.position(path), message, 'The rule is left out.');
      return [];
    };
    if (rule.delegate !== null) return refuse('a delegate can not delegate further');
    const match = mergeMatches(root.match, rule.match);
    if (match === null)
      return refuse(`no match of this rule lies within those of VirtualService ${nameOf(from)} that delegates to it`);
    const merged = mergeRules(root, rule, match);
    // A policy that was left out for a fault in it does not make room for a wider one.
    const corsPolicy = isCorsWritten(resource, index) ? rule.corsPolicy : merged.corsPolicy;
    return [{ rule: { ...merged, corsPolicy }, resource, path }];
  });
}

function isCorsWritten({ value }: Resource, index: number): boolean {
  return new Written(value).at('spec').at('http').items[index]?.at('corsPolicy').isSet ?? false;
}

/** What the delegate leaves out is the root's. */
function mergeRules(root: HttpRule, leaf: HttpRule, match: readonly HttpMatch[]): HttpRule {
  return {
    ...leaf,
    match,
    name: joinNames(root.name, leaf.name),
    rewrite: leaf.rewrite ?? root.rewrite,
    directResponse: leaf.directResponse ?? root.directResponse,
    timeout: leaf.timeout ?? root.timeout,
    retries: leaf.retries ?? root.retries,
    fault: leaf.fault ?? root.fault,
    corsPolicy: leaf.corsPolicy ?? root.corsPolicy,
    headers: leaf.headers ?? root.headers,
    mirror: leaf.mirror ?? root.mirror,
    mirrors: leaf.mirrors.length > 0 ? leaf.mirrors : root.mirrors,
    mirrorPercentage: leaf.mirrorPercentage ?? root.mirrorPercentage,
    mirrorPercent: leaf.mirrorPercent ?? root.mirrorPercent,
    mirror_percent: leaf.mirror_percent ?? root.mirror_percent,
  };
}

function joinNames(root: string, leaf: string): string {
  return root === '' || leaf === '' ? root || leaf : `${root}-${leaf}`;
}

/** Every match of the leaf has to lie within one of the root's, and is narrowed by each that it does; null: one does not. */
function mergeMatches(root: readonly HttpMatch[], leaf: readonly HttpMatch[]): readonly HttpMatch[] | null {
  if (root.length === 0) return leaf;
  if (leaf.length === 0) return root;
  const merged: HttpMatch[] = [];
  for (const inner of leaf) {
    const around = root.filter((outer) => isWithin(outer, inner));
    if (around.length === 0) return null;
    merged.push(...around.map((outer) => mergeMatch(outer, inner)));
  }
  return merged;
}

function mergeMatch(root: HttpMatch, leaf: HttpMatch): HttpMatch {
  return {
    name: joinNames(root.name, leaf.name),
    uri: leaf.uri ?? root.uri,
    ignoreUriCase: leaf.ignoreUriCase,
    scheme: leaf.scheme ?? root.scheme,
    method: leaf.method ?? root.method,
    authority: leaf.authority ?? root.authority,
    headers: { ...root.headers, ...leaf.headers },
    withoutHeaders: { ...root.withoutHeaders, ...leaf.withoutHeaders },
    queryParams: { ...root.queryParams, ...leaf.queryParams },
    port: leaf.port ?? root.port,
    gateways: leaf.gateways.length === 0 ? root.gateways : leaf.gateways,
    sourceLabels: { ...root.sourceLabels, ...leaf.sourceLabels },
    sourceNamespace: leaf.sourceNamespace || root.sourceNamespace,
  };
}

function isWithin(root: HttpMatch, leaf: HttpMatch): boolean {
  const isMapWithin = (field: 'headers' | 'withoutHeaders' | 'queryParams') =>
    Object.entries(leaf[field]).every(([key, value]) => isValueWithin(root[field][key] ?? null, value));
  const isGatewayWithin = root.gateways.length === 0 || leaf.gateways.every((name) => root.gateways.includes(name));
  return (
    isValueWithin(root.uri, leaf.uri) &&
    isValueWithin(root.scheme, leaf.scheme) &&
    isValueWithin(root.method, leaf.method) &&
    isValueWithin(root.authority, leaf.authority) &&
    isMapWithin('headers') &&
    isMapWithin('withoutHeaders') &&
    isMapWithin('queryParams') &&
    root.ignoreUriCase === leaf.ignoreUriCase &&
    (root.port === null || leaf.port === null || root.port === leaf.port) &&
    (root.sourceNamespace === '' || root.sourceNamespace === leaf.sourceNamespace) &&
    Object.entries(leaf.sourceLabels).every(([key, value]) => (root.sourceLabels[key] ?? value) === value) &&
    isGatewayWithin
  );
}

/** A regex is within nothing and nothing is within it; an exact value or a prefix is within a prefix of it. */
function isValueWithin(root: StringMatchSpec | null, leaf: StringMatchSpec | null): boolean {
  if (root === null || leaf === null) return true;
  if (root.regex || leaf.regex) return false;
  if (root.exact) return leaf.exact === root.exact;
  const inner = leaf.prefix || leaf.exact;
  return Boolean(root.prefix && inner?.startsWith(root.prefix));
}
