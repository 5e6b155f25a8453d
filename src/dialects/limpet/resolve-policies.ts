import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeSpec } from '../../resources/decode.ts';
import { isRecord, itemsOf } from '../../resources/plain-value.ts';
import { byAgeThenNamespace, type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import { identityOf, type ResourceSet } from '../../resources/resource-set.ts';
import { type KeyRingRef, resolveKeys } from './resolve-keys.ts';
import { reportProblems } from './resolve-problems.ts';
import { resolveTarget, type Target, targetKey } from './resolve-targets.ts';
import { type SessionPolicySpec, sessionPolicySpec } from './schema-session-policy.ts';

export interface Policy {
  readonly resource: Resource;
  readonly spec: SessionPolicySpec;
  readonly keys: KeyRingRef;
}

/** A policy at one of its targets. */
export interface Attachment {
  readonly policy: Policy;
  readonly target: Target;
  /** Of the targetRef. */
  readonly path: FieldPath;
}

export interface Attachments {
  /** In the order of the policies' age and of their targetRefs. */
  readonly all: readonly Attachment[];
  at(resource: Resource, section?: string, port?: number | null): Attachment | undefined;
  /** What a VirtualService's rules have from those that delegate to it. */
  inherited(resource: Resource): Attachment | undefined;
  isTarget(resource: Resource): boolean;
  /** Texts of the key rings that policies name, by the rings' names. */
  readonly keyRings: ReadonlyMap<string, string>;
}

/** Every SessionPolicy at its targets. Of two for one target the older counts, then the first by `namespace/name`. */
export function resolvePolicies(resources: ResourceSet, sink: DiagnosticSink): Attachments {
  const keyRings = new Map<string, string>();
  const byKey = new Map<string, Attachment>();
  for (const resource of resources.ofKind('limpet.dev', 'SessionPolicy').toSorted(byAgeThenNamespace)) {
    const policy = readPolicy(resource, resources, keyRings, sink);
    if (policy === null) continue;
    for (const attachment of attachmentsOf(policy, resources, sink)) {
      const { resource: object, section, port } = attachment.target;
      const key = targetKey(object, section, port);
      const first = byKey.get(key);
      if (first === undefined) byKey.set(key, attachment);
      else reportConflict(attachment, first, sink);
    }
  }
  const inherited = inheritedAttachments([...byKey.values()], resources, sink);
  const names = new Set([...byKey.values()].map(({ target }) => identityOf(target.resource)));
  return {
    all: [...byKey.values()],
    at: (resource, section = '', port = null) => byKey.get(targetKey(resource, section, port)),
    inherited: (resource) => inherited.get(identityOf(resource)) ?? undefined,
    isTarget: (resource) => names.has(identityOf(resource)) || (inherited.get(identityOf(resource)) ?? null) !== null,
    keyRings,
  };
}

function readPolicy(
  resource: Resource,
  resources: ResourceSet,
  keyRings: Map<string, string>,
  sink: DiagnosticSink,
): Policy | null {
  const spec = decodeSpec(resource, sessionPolicySpec, sink);
  if (spec === null || !reportProblems(resource, spec, sink)) return null;
  const keys = resolveKeys(resource, spec, resources, keyRings, sink);
  return keys === null ? null : { resource, spec, keys };
}

function attachmentsOf(policy: Policy, resources: ResourceSet, sink: DiagnosticSink): Attachment[] {
  const { resource, spec } = policy;
  if (spec.targetRefs.length === 0) {
    const message = `SessionPolicy ${nameOf(resource)} has no targetRefs, so it has no effect`;
    sink.report('warning', 'unresolved-reference', resource.position(['spec'], 'key'), message);
  }
  return spec.targetRefs.flatMap((ref, index) => {
    const path = ['spec', 'targetRefs', index];
    const target = ref === null ? null : resolveTarget(ref, resource, path, resources, sink);
    return target === null ? [] : [{ policy, target, path }];
  });
}

function reportConflict({ policy, target, path }: Attachment, first: Attachment, sink: DiagnosticSink): void {
  const what = `${target.resource.kind} ${nameOf(target.resource)}`;
  const at = policy.resource.position(path);
  if (policy === first.policy) {
    sink.report('warning', 'conflict', at, `${what} is named twice`, 'Remove one of the two.');
    return;
  }
  const message = `${what} has SessionPolicy ${nameOf(first.policy.resource)} already, which counts`;
  sink.report('error', 'conflict', at, message, 'The older one counts, then the first by name. Remove one of the two.');
}

/** By the delegate; null where those that delegate to it have several policies, or not all have one. */
function inheritedAttachments(
  all: readonly Attachment[],
  resources: ResourceSet,
  sink: DiagnosticSink,
): ReadonlyMap<string, Attachment | null> {
  const inherited = new Map<string, Attachment | null>();
  for (const root of resources.ofKind('networking.istio.io', 'VirtualService')) {
    const ofRoot = all.filter(({ target }) => target.resource === root);
    for (const rule of itemsOf(root.value['spec'], 'http')) {
      const delegate = delegateOf(rule, root, resources);
      if (delegate === undefined) continue;
      const name = isRecord(rule) ? rule['name'] : null;
      const own = ofRoot.find(({ target }) => target.section !== '' && target.section === name);
      const found = own ?? ofRoot.find(({ target }) => target.section === '') ?? null;
      const key = identityOf(delegate);
      const first = inherited.get(key);
      const isMixed = first !== undefined && first?.policy !== found?.policy;
      inherited.set(key, isMixed ? null : found);
      const one = first ?? found;
      if (isMixed && one !== null) reportMixed(delegate, one, sink);
    }
  }
  return inherited;
}

function reportMixed(delegate: Resource, { policy, path }: Attachment, sink: DiagnosticSink): void {
  const name = nameOf(delegate);
  const message = `VirtualService ${name} is delegated to from several places, which have not the same SessionPolicy`;
  const help = `It has none from them. Attach one to VirtualService ${name} itself.`;
  sink.report('warning', 'conflict', policy.resource.position(path), message, help);
}

function delegateOf(rule: unknown, root: Resource, resources: ResourceSet): Resource | undefined {
  const delegate = isRecord(rule) ? rule['delegate'] : null;
  if (!isRecord(delegate) || typeof delegate['name'] !== 'string') return undefined;
  const { namespace } = delegate;
  const wanted = typeof namespace === 'string' && namespace !== '' ? namespace : root.metadata.namespace;
  return resources.get('networking.istio.io', 'VirtualService', wanted, delegate['name']);
}
