import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { isRecord, itemsOf } from '../../resources/plain-value.ts';
import { type FieldPath, nameOf, type Resource } from '../../resources/resource.ts';
import { identityOf, type ResourceSet } from '../../resources/resource-set.ts';
import type { TargetRef } from './schema-session-policy.ts';

/** What a targetRef names: an object, or a part of it. */
export interface Target {
  readonly resource: Resource;
  /** Name of a rule of a route; empty: all of it. */
  readonly section: string;
  /** Port of a Service; null: all of them. */
  readonly port: number | null;
}

/** What kinds can be targets, and where the names of their parts stand. */
interface TargetKind {
  readonly group: string;
  readonly kind: string;
  /** List below `spec` whose items have the names that `sectionName` means; null: the object has no parts. */
  readonly sections: 'rules' | 'http' | 'ports' | null;
}

const KINDS: readonly TargetKind[] = [
  { group: '', kind: 'Service', sections: 'ports' },
  { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', sections: 'rules' },
  { group: 'networking.istio.io', kind: 'VirtualService', sections: 'http' },
  { group: 'networking.istio.io', kind: 'ServiceEntry', sections: 'ports' },
  { group: 'gloo.solo.io', kind: 'Upstream', sections: null },
];

/** Kinds that can be targets have names of their own, whatever their groups; null: it can't be one. */
export function groupOfKind(kind: string): string | null {
  return KINDS.find((candidate) => candidate.kind === kind)?.group ?? null;
}

/** The object that a targetRef names; null, with a diagnostic, where there is none. */
export function resolveTarget(
  ref: TargetRef,
  policy: Resource,
  path: FieldPath,
  resources: ResourceSet,
  sink: DiagnosticSink,
): Target | null {
  const refuse = (field: string, message: string, help = 'This target has no policy.'): null => {
    sink.report('error', 'unresolved-reference', policy.position([...path, field]), message, help);
    return null;
  };
  const { namespace } = policy.metadata;
  if (ref.group === 'networking.k8s.io' && ref.kind === 'Ingress') {
    const at = policy.position([...path, 'kind']);
    sink.report('warning', 'unsupported-field', at, 'Ingress is not read yet, so this target has no policy');
    return null;
  }
  const found = KINDS.find(({ group, kind }) => group === ref.group && kind === ref.kind);
  if (found === undefined) return refuse(...unknownKind(ref));
  if (ref.namespace !== null && ref.namespace !== namespace) {
    const help = `Put the SessionPolicy into namespace ${ref.namespace}.`;
    return refuse('namespace', 'a SessionPolicy attaches to objects of its own namespace only', help);
  }
  const resource = resources.get(ref.group, ref.kind, namespace, ref.name);
  const what = `${ref.kind} ${namespace}/${ref.name}`;
  if (resource === undefined) return refuse('name', `there is no ${what}`);
  if (found.sections === 'ports') return portTarget(ref, resource, refuse);
  if (ref.port !== null) return refuse('port', `${what} is no Service, so it has no ports to choose from`);
  const section = ref.sectionName ?? '';
  if (section === '') return { resource, section, port: null };
  if (found.sections === null) return refuse('sectionName', `${what} has no sections`);
  const names = namedItems(resource, found.sections).map(({ name }) => name);
  if (names.includes(section)) return { resource, section, port: null };
  const known = names.join(', ') || 'none has a name';
  return refuse('sectionName', `${what} has no rule named ${JSON.stringify(section)}`, `Its rules: ${known}.`);
}

function unknownKind({ group, kind }: TargetRef): [field: string, message: string, help: string] {
  const meant = KINDS.find((candidate) => candidate.kind === kind);
  const written = group === '' ? 'the core group' : `group ${group}`;
  const help =
    meant === undefined
      ? `It attaches to ${KINDS.map((candidate) => candidate.kind).join(', ')}.`
      : `${kind} is of ${meant.group === '' ? 'the core group: leave group out' : `group ${meant.group}`}.`;
  return [meant === undefined ? 'kind' : 'group', `a SessionPolicy can't attach to ${kind} of ${written}`, help];
}

function portTarget(
  ref: TargetRef,
  resource: Resource,
  refuse: (field: string, message: string, help?: string) => null,
): Target | null {
  if (ref.sectionName === null && ref.port === null) return { resource, section: '', port: null };
  const ports = namedItems(resource, 'ports');
  const known = `Its ports: ${ports.map(({ name, port }) => (name === '' ? port : `${port} (${name})`)).join(', ') || 'none'}.`;
  const found = ports.find(
    ({ name, port }) => (ref.sectionName ?? name) === name && (ref.port ?? port) === port && port !== null,
  );
  if (found?.port != null) return { resource, section: '', port: found.port };
  const [field, port] = ref.port === null ? ['sectionName', JSON.stringify(ref.sectionName)] : ['port', ref.port];
  return refuse(field, `${resource.kind} ${nameOf(resource)} has no port ${port}`, known);
}

/**
 * Name of the rule that a field's path lies in. The dialect that reads the kind has decoded it; here only the name is
 * of interest, whatever else is wrong with the rule.
 */
export function sectionAt(resource: Resource, field: string): string {
  const [, list = '', index = ''] = /^spec\.(rules|http)\[(\d+)\]/.exec(field) ?? [];
  const items = list === '' ? [] : itemsOf(resource.value['spec'], list);
  return nameField(items[Number(index)]);
}

function namedItems(resource: Resource, list: string): { readonly name: string; readonly port: number | null }[] {
  return itemsOf(resource.value['spec'], list).flatMap((item) => {
    const port = isRecord(item) ? (item['port'] ?? item['number']) : null;
    const name = nameField(item);
    return name === '' && typeof port !== 'number' ? [] : [{ name, port: typeof port === 'number' ? port : null }];
  });
}

function nameField(item: unknown): string {
  const name = isRecord(item) ? item['name'] : null;
  return typeof name === 'string' ? name : '';
}

/** One text for each target, so that targets are found and conflicts seen. */
export function targetKey(resource: Resource, section = '', port: number | null = null): string {
  return `${identityOf(resource)} ${section} ${port ?? ''}`;
}
