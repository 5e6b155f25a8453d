import type { FieldPath, Resource } from '../resource.ts';

/** A value of a Secret, or why there is none. The reason never quotes what the Secret holds. */
export type SecretValue =
  | { readonly kind: 'text'; readonly text: string; readonly path: FieldPath }
  | { readonly kind: 'problem'; readonly message: string; readonly path: FieldPath };

/** The text under a key of a Secret; `stringData` beats `data`, as in the API server. */
export function readSecret({ value, metadata }: Resource, key: string): SecretValue {
  const what = `Secret ${metadata.namespace}/${metadata.name}`;
  for (const field of ['stringData', 'data'] as const) {
    const values = value[field];
    if (typeof values !== 'object' || values === null || !Object.hasOwn(values, key)) continue;
    const path = [field, key];
    const found = (values as Readonly<Record<string, unknown>>)[key];
    if (typeof found !== 'string') return { kind: 'problem', message: `${what}: ${field} ${key} must be text`, path };
    if (field === 'stringData') return { kind: 'text', text: found, path };
    const packed = found.replaceAll(/\s/g, '');
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(packed)) {
      return { kind: 'problem', message: `${what}: data ${key} must be base64`, path };
    }
    return { kind: 'text', text: Buffer.from(packed, 'base64').toString('utf8'), path };
  }
  return { kind: 'problem', message: `${what} has no ${key}`, path: ['metadata', 'name'] };
}
