import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type FieldPath, formatPath, type Resource, type ResourceMetadata } from './resource.ts';

/** Kinds that have no namespace, of the groups that Limpet reads or meets beside them. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  '/Namespace',
  '/Node',
  '/PersistentVolume',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'gateway.networking.k8s.io/GatewayClass',
  'networking.k8s.io/IngressClass',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
]);

/** null, with a diagnostic, where there is no usable name. Other faults cost only the field that has them. */
export function readMetadata(
  group: string,
  kind: string,
  value: unknown,
  position: Resource['position'],
  diagnostics: Diagnostic[],
): ResourceMetadata | null {
  const report = (path: FieldPath, message: string, help: string): void => {
    const location = position(path);
    diagnostics.push({ code: 'invalid-field', severity: 'error', message, help, location });
  };
  const fields = isRecord(value) ? value : {};
  const name = fields['name'];
  if (typeof name !== 'string' || name === '') {
    const path = name === undefined ? ['metadata'] : ['metadata', 'name'];
    report(
      path,
      `this ${kind} has no metadata.name`,
      'It is left out. Give it a name; a name that looks like a number goes in quotes.',
    );
    return null;
  }
  const text = (field: string, fallback: string): string => {
    const found = fields[field] ?? fallback;
    if (typeof found === 'string') return found;
    report(['metadata', field], `metadata.${field} must be text`, 'Put it in quotes.');
    return fallback;
  };
  const texts = (field: string): Record<string, string> => {
    const found = fields[field] ?? {};
    const result: Record<string, string> = Object.create(null);
    if (!isRecord(found)) {
      report(['metadata', field], `metadata.${field} must be a mapping of text to text`, 'It is left out.');
      return result;
    }
    for (const [key, member] of Object.entries(found)) {
      const path = ['metadata', field, key];
      if (typeof member === 'string') result[key] = member;
      else report(path, `${formatPath(path)} must be text`, 'Put it in quotes.');
    }
    return result;
  };
  const createdAtMillis = Date.parse(text('creationTimestamp', ''));
  return {
    name,
    namespace: CLUSTER_SCOPED.has(`${group}/${kind}`) ? '' : text('namespace', '') || 'default',
    labels: texts('labels'),
    annotations: texts('annotations'),
    createdAtMillis: Number.isNaN(createdAtMillis) ? 0 : createdAtMillis,
    uid: text('uid', ''),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
