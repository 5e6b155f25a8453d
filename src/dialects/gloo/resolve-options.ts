import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { isRetryCondition } from '../../model/route.ts';
import type { RouteTarget } from '../../resources/attachment.ts';
import { decodeSpec } from '../../resources/decode.ts';
import { byAgeThenNamespace, nameOf, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { emitHashPolicy, retryWords } from './emit-options.ts';
import { type RouteOptionSpec, type RouteOptions, routeOptionSpec } from './schema-route-option.ts';

/** A field of the merged options with the RouteOption that it comes from. */
export interface MergedOption<T> {
  readonly value: T;
  readonly resource: Resource;
}

export type MergedOptions = {
  readonly [Field in keyof RouteOptions]: MergedOption<NonNullable<RouteOptions[Field]>> | null;
};

export interface RouteOptionsByRoute {
  for(target: RouteTarget): MergedOptions;
}

interface ReadOption {
  readonly resource: Resource;
  readonly spec: RouteOptionSpec;
}

/**
 * The options of a rule: first those its ExtensionRef filters name, in order, then those that target the route, the
 * oldest first. Of each field the first that has it counts whole (docs/dialects/gloo.md).
 */
export function resolveRouteOptions(resources: ResourceSet, sink: DiagnosticSink): RouteOptionsByRoute {
  const all = resources.ofKind('gateway.solo.io', 'RouteOption').toSorted(byAgeThenNamespace);
  const read = all.flatMap((resource): ReadOption[] => {
    const spec = decodeSpec(resource, routeOptionSpec, sink);
    return spec === null ? [] : [{ resource, spec }];
  });
  for (const option of read) {
    reportStrayTargets(option, resources, sink);
    reportHashKeys(option, sink);
    reportRetryWords(option, sink);
  }
  return { for: (target) => merge([...named(target, read, sink), ...targeting(target, read)]) };
}

function named(target: RouteTarget, read: readonly ReadOption[], sink: DiagnosticSink): ReadOption[] {
  return target.extensions.flatMap((reference) => {
    if (reference.kind !== 'RouteOption' || reference.group !== 'gateway.solo.io') return [];
    const found = read.find(({ resource }) => nameOf(resource) === `${reference.namespace}/${reference.name}`);
    if (found !== undefined) return [found];
    const message = `there is no RouteOption ${reference.namespace}/${reference.name}`;
    const help = 'As in Gloo, the rule is served without it.';
    sink.report(
      'error',
      'unresolved-reference',
      reference.resource.position([...reference.path, 'name']),
      message,
      help,
    );
    return [];
  });
}

/** Only options of the route's own namespace are considered. */
function targeting({ route }: RouteTarget, read: readonly ReadOption[]): ReadOption[] {
  const { namespace, name } = route.metadata;
  return read.filter(
    ({ resource, spec }) =>
      resource.metadata.namespace === namespace &&
      spec.targetRefs.some(
        (ref) => isHttpRoute(ref) && ref.name === name && (ref.namespace ?? namespace) === namespace,
      ),
  );
}

function isHttpRoute({ group, kind }: { group: string; kind: string }): boolean {
  return group === 'gateway.networking.k8s.io' && kind === 'HTTPRoute';
}

function reportStrayTargets({ resource, spec }: ReadOption, resources: ResourceSet, sink: DiagnosticSink): void {
  const { namespace } = resource.metadata;
  for (const [index, ref] of spec.targetRefs.entries()) {
    const path = ['spec', 'targetRefs', index];
    if (!isHttpRoute(ref)) {
      const message = `a RouteOption can't target a ${ref.kind} of group ${JSON.stringify(ref.group)}`;
      const help = 'It attaches to kind HTTPRoute of group gateway.networking.k8s.io.';
      sink.report('error', 'unresolved-reference', resource.position([...path, 'kind']), message, help);
    } else if ((ref.namespace ?? namespace) !== namespace) {
      const message = 'a RouteOption attaches to routes of its own namespace only';
      sink.report(
        'error',
        'unresolved-reference',
        resource.position([...path, 'namespace']),
        message,
        'It has no effect there.',
      );
    } else if (resources.get('gateway.networking.k8s.io', 'HTTPRoute', namespace, ref.name) === undefined) {
      const message = `there is no HTTPRoute ${namespace}/${ref.name}`;
      sink.report(
        'error',
        'unresolved-reference',
        resource.position([...path, 'name']),
        message,
        'This target has no effect.',
      );
    }
  }
}

/** Gloo's decoder takes any number of keys and keeps the one its API declares last; none is nothing to hash. */
function reportHashKeys({ resource, spec }: ReadOption, sink: DiagnosticSink): void {
  for (const [index, policy] of (spec.options?.lbHash?.hashPolicies ?? []).entries()) {
    if (policy === null) continue;
    const path = ['spec', 'options', 'lbHash', 'hashPolicies', index];
    const used = policy.sourceIp !== null ? 'sourceIp' : policy.cookie !== null ? 'cookie' : 'header';
    for (const key of ['header', 'cookie', 'sourceIp'] as const) {
      if (policy[key] === null || key === used) continue;
      const message = `${key} has no effect beside ${used}`;
      sink.report(
        'warning',
        'ignored-field',
        resource.position([...path, key], 'key'),
        message,
        'Give each its own entry.',
      );
    }
    if (emitHashPolicy(policy) !== null) continue;
    const help = 'Add header, cookie or sourceIp: true.';
    sink.report(
      'warning',
      'no-affinity',
      resource.position(path),
      'this hash policy has no key, so it has no effect',
      help,
    );
  }
}

function reportRetryWords({ resource, spec }: ReadOption, sink: DiagnosticSink): void {
  for (const word of retryWords(spec.options?.retries?.retryOn ?? '')) {
    if (isRetryCondition(word)) continue;
    const at = resource.position(['spec', 'options', 'retries', 'retryOn']);
    sink.report('warning', 'unsupported-field', at, `retrying on ${JSON.stringify(word)} is not supported`);
  }
}

function merge(options: readonly ReadOption[]): MergedOptions {
  const first = <Field extends keyof RouteOptions>(field: Field): MergedOptions[Field] => {
    for (const { resource, spec } of options) {
      const value = spec.options?.[field] ?? null;
      if (value !== null) return { value, resource } as MergedOptions[Field];
    }
    return null as MergedOptions[Field];
  };
  return {
    timeout: first('timeout'),
    retries: first('retries'),
    lbHash: first('lbHash'),
    prefixRewrite: first('prefixRewrite'),
    regexRewrite: first('regexRewrite'),
    hostRewrite: first('hostRewrite'),
    headerManipulation: first('headerManipulation'),
    idleTimeout: first('idleTimeout'),
    shadowing: first('shadowing'),
    faults: first('faults'),
    cors: first('cors'),
  };
}
