import type * as v from 'valibot';
import { markOf } from './schema.ts';

export type Shape =
  | { readonly kind: 'object'; readonly entries: Readonly<Record<string, v.GenericSchema>> }
  | { readonly kind: 'array'; readonly item: v.GenericSchema }
  | { readonly kind: 'record'; readonly value: v.GenericSchema }
  | { readonly kind: 'leaf' };

/** The container that a schema describes, seen through its optional wrappers. */
export function shapeOf(schema: v.GenericSchema): Shape {
  const inner = schema as v.GenericSchema & {
    readonly wrapped?: v.GenericSchema;
    readonly entries?: Readonly<Record<string, v.GenericSchema>>;
    readonly item?: v.GenericSchema;
    readonly value?: v.GenericSchema;
  };
  if (inner.wrapped !== undefined) return shapeOf(inner.wrapped);
  if (inner.type === 'object' && inner.entries !== undefined) return { kind: 'object', entries: inner.entries };
  if (inner.type === 'array' && inner.item !== undefined) return { kind: 'array', item: inner.item };
  if (inner.type === 'record' && inner.value !== undefined) return { kind: 'record', value: inner.value };
  return { kind: 'leaf' };
}

/** A field of a schema as `support.md` lists it. */
export interface FieldSupport {
  /** `spec.http[].match[].headers.*`. */
  readonly path: string;
  readonly support: string;
}

/** Every innermost field that a schema knows, with whether it is served; of what is not served only the whole. */
export function listFields(schema: v.GenericSchema, path: string): FieldSupport[] {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case 'array':
      return listFields(shape.item, `${path}[]`);
    case 'record':
      return listFields(shape.value, `${path}.*`);
    case 'leaf':
      return [];
    case 'object':
      return Object.entries(shape.entries).flatMap(([key, inner]) => {
        const at = `${path}.${key}`;
        const { remark } = markOf(inner);
        const support = remark === undefined ? 'yes' : `${SUPPORT_WORDS[remark.kind]}: ${remark.why}`;
        const within = remark === undefined || remark.kind === 'deprecated' ? listFields(inner, at) : [];
        // A container is told by its fields.
        return within.length > 0 ? within : [{ path: at, support }];
      });
  }
}

const SUPPORT_WORDS = { unsupported: 'not yet', ignored: 'ignored', deprecated: 'yes, deprecated' } as const;
