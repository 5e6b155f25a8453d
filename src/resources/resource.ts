import type { Location } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../model/origin.ts';

/** Keys and list indices from the resource down to a field. */
export type FieldPath = readonly (string | number)[];

export interface ResourceMetadata {
  readonly name: string;
  /** `default` where none is written; empty for a kind that has no namespace. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Unix time in milliseconds; 0 where the file gives none, so that the rest of the tie-break decides. */
  readonly createdAtMillis: number;
  readonly uid: string;
}

/** One Kubernetes object as it stands in a source. */
export interface Resource {
  readonly apiVersion: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly metadata: ResourceMetadata;
  /** The whole object as plain JSON values; never changed. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly source: string;
  /** Where a field's value (or its key) stands; for a missing field, where its nearest present parent stands. */
  position(path: FieldPath, part?: 'key' | 'value'): Location;
}

/** `spec.http[0].route[1]`; a key that is no plain word is quoted in brackets. */
export function formatPath(path: FieldPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

export function originOf(resource: Resource, path: FieldPath = []): Origin {
  const { source, line, column } = resource.position(path, 'key');
  const { name, namespace } = resource.metadata;
  return { source, kind: resource.kind, namespace, name, line, column, field: formatPath(path) };
}

/** `namespace/name`, the one text by which resources are named in messages. */
export function nameOf(resource: Resource): string {
  const { name, namespace } = resource.metadata;
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** Compares as UTF-16 code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Oldest first, then by name, then by namespace: Istio's order of configuration. */
export function byAge(a: Resource, b: Resource): number {
  return (
    a.metadata.createdAtMillis - b.metadata.createdAtMillis ||
    compareText(a.metadata.name, b.metadata.name) ||
    compareText(a.metadata.namespace, b.metadata.namespace)
  );
}

/** Oldest first, then by `namespace/name`: Gateway API's order of routes and policies. */
export function byAgeThenNamespace(a: Resource, b: Resource): number {
  return (
    a.metadata.createdAtMillis - b.metadata.createdAtMillis ||
    compareText(`${a.metadata.namespace}/${a.metadata.name}`, `${b.metadata.namespace}/${b.metadata.name}`)
  );
}
