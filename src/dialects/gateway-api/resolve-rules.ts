import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { Mirror } from '../../model/route.ts';
import { type GatewayAttachment, includesKind, type ObjectReference } from '../../resources/attachment.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import type { Backends } from './resolve-backends.ts';
import type { HttpFilter } from './schema-filter.ts';
import type { HttpRouteRule } from './schema-http-route.ts';

export interface RuleContext {
  readonly backends: Backends;
  readonly attachments: readonly GatewayAttachment[];
  readonly sink: DiagnosticSink;
}

/** A backendRef with the cluster it came to; an empty name: none, its share is answered 500. */
export interface ResolvedBackend {
  readonly cluster: string;
  readonly weight: number;
  readonly filters: readonly HttpFilter[];
}

/** A rule with everything it refers to. */
export interface ResolvedRule {
  readonly rule: HttpRouteRule;
  readonly resource: Resource;
  readonly index: number;
  readonly path: FieldPath;
  /** A filter that can't be had must not be skipped: the rule answers 500 (Gateway API, HTTPRouteFilter). */
  readonly isRefused: boolean;
  readonly backends: readonly ResolvedBackend[];
  readonly mirrors: readonly Mirror[];
  readonly extensions: readonly ObjectReference[];
}

export function resolveRule(
  context: RuleContext,
  rule: HttpRouteRule,
  resource: Resource,
  index: number,
): ResolvedRule {
  const path = ['spec', 'rules', index];
  const extensions = extensionsOf(rule, resource, path);
  const isRefused =
    !areExtensionsKnown(context, extensions) || rule.filters.some(({ type }) => type === 'ExternalAuth');
  const common = { rule, resource, index, path, extensions, isRefused };
  if (isRefused || rule.filters.some((filter) => filter.requestRedirect !== null)) {
    return { ...common, backends: [], mirrors: [] };
  }
  reportUnserved(rule, resource, path, context.sink);
  const backends = rule.backendRefs.map((backend, at) => ({
    cluster: context.backends.resolve(backend, resource, [...path, 'backendRefs', at]) ?? '',
    weight: backend.weight,
    filters: backend.filters,
  }));
  return { ...common, backends, mirrors: resolveMirrors(context, rule, resource, path) };
}

function extensionsOf(rule: HttpRouteRule, resource: Resource, path: FieldPath): ObjectReference[] {
  const { namespace } = resource.metadata;
  return rule.filters.flatMap(({ extensionRef }, index) =>
    extensionRef === null
      ? []
      : [{ ...extensionRef, namespace, resource, path: [...path, 'filters', index, 'extensionRef'] }],
  );
}

function areExtensionsKnown({ attachments, sink }: RuleContext, extensions: readonly ObjectReference[]): boolean {
  const unknown = extensions.filter(
    ({ group, kind }) => !attachments.some(({ filterKinds }) => includesKind(filterKinds, group, kind)),
  );
  for (const { group, kind, resource, path } of unknown) {
    const message = `a filter can't be a ${kind} of group ${JSON.stringify(group)}`;
    sink.report(
      'error',
      'unresolved-reference',
      resource.position([...path, 'kind']),
      message,
      'The rule answers 500.',
    );
  }
  return unknown.length === 0;
}

/** A mirror that can't be resolved is reported and left out; requests are served all the same. */
function resolveMirrors(context: RuleContext, rule: HttpRouteRule, resource: Resource, path: FieldPath): Mirror[] {
  return rule.filters.flatMap(({ requestMirror }, index) => {
    if (requestMirror === null) return [];
    const { backendRef, percent, fraction } = requestMirror;
    const at = [...path, 'filters', index, 'requestMirror', 'backendRef'];
    const cluster = context.backends.resolve(backendRef, resource, at, 'It gets no copies.');
    const share = percent ?? (fraction === null ? 100 : (fraction.numerator / fraction.denominator) * 100);
    return cluster === null || share === 0 ? [] : [{ cluster, percent: share }];
  });
}

/** What the schema can't tell: fields that are served in one place or together with another, and not here. */
function reportUnserved(rule: HttpRouteRule, resource: Resource, path: FieldPath, sink: DiagnosticSink): void {
  if (rule.backendRefs.length === 0) {
    const message = 'this rule has no backend, so it answers 500';
    sink.report('warning', 'missing-field', resource.position(path), message, 'Add backendRefs.');
  }
  for (const [index, backend] of rule.backendRefs.entries()) {
    for (const [at, { type }] of backend.filters.entries()) {
      if (type === 'RequestHeaderModifier' || type === 'ResponseHeaderModifier') continue;
      const place = resource.position([...path, 'backendRefs', index, 'filters', at]);
      const message = `filter ${type} is not supported on a backendRef yet`;
      sink.report('warning', 'unsupported-field', place, message, 'It is left out.');
    }
  }
  const session = rule.sessionPersistence;
  if (session === null || session.absoluteTimeout === null) return;
  if ((session.cookie ?? session.cookieConfig)?.lifetimeType === 'Permanent') return;
  const place = resource.position([...path, 'sessionPersistence', 'absoluteTimeout'], 'key');
  const message = 'the gateway does not end sessions by itself yet; only a Permanent cookie has a time limit';
  sink.report('warning', 'unsupported-field', place, message);
}
