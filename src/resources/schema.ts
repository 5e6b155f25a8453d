import * as v from 'valibot';

/** A valibot schema of which only the output matters; the type is written by hand and checked against the schema. */
export type Schema<T> = v.GenericSchema<unknown, T>;

/** What `decode` reads off a schema beside its type. */
export interface SchemaMark {
  /** A fault inside costs this value alone: it is decoded as null. */
  readonly unit?: true;
  /** What is odd about a value that is decoded all the same, as text for the user; null: nothing. */
  readonly lint?: (value: unknown) => string | null;
  /** The field is one the API has; Limpet reports its use and, unless it is merely deprecated, passes over it. */
  readonly remark?: {
    readonly kind: 'unsupported' | 'ignored' | 'deprecated';
    readonly why: string;
    /** Worth a warning although it is served. */
    readonly isWarned?: true;
  };
}

/** The marks of a schema and of what its optional wrappers hold. */
export function markOf(schema: v.GenericSchema): SchemaMark {
  const { wrapped } = schema as v.GenericSchema & { readonly wrapped?: v.GenericSchema };
  return { ...(wrapped === undefined ? {} : markOf(wrapped)), ...v.getMetadata(schema) };
}

function mark<T>(schema: Schema<T>, marks: SchemaMark): Schema<T> {
  return v.pipe(schema, v.metadata({ ...markOf(schema), ...marks }));
}

/**
 * An object with these fields; any other is reported as unknown and ignored. `unread` are fields of the API that have
 * no part in the result.
 */
export function object<T extends object>(
  fields: { readonly [Key in keyof T]-?: Schema<T[Key]> },
  unread: Readonly<Record<string, Schema<unknown>>> = {},
): Schema<T> {
  // valibot can't see through the mapped type that the output of `fields` is T.
  return v.object({ ...(fields as Record<string, Schema<unknown>>), ...unread }) as unknown as Schema<T>;
}

/** Absent and null alike are null, as Kubernetes has it. */
export function maybe<T>(schema: Schema<T>): Schema<T | null> {
  return v.nullish(schema, null);
}

export function withDefault<T>(schema: Schema<T>, fallback: T): Schema<T> {
  return v.nullish(schema, () => fallback as never) as unknown as Schema<T>;
}

/** An optional part that is left out alone, as if absent, when something in it is wrong. */
export function droppable<T>(schema: Schema<T>): Schema<T | null> {
  return mark(maybe(schema), { unit: true });
}

/** A list in which nothing may be wrong. Absent is empty. */
export function list<T>(item: Schema<T>): Schema<readonly T[]> {
  return withDefault<readonly T[]>(v.array(item), []);
}

/** A list that must be there. */
export function required<T>(item: Schema<T>): Schema<readonly T[]> {
  return v.array(item);
}

/** A list whose faulty items are null, so that the others keep their places. Absent is empty. */
export function units<T>(item: Schema<T>): Schema<readonly (T | null)[]> {
  return withDefault<readonly (T | null)[]>(v.array(mark(v.nullable(item), { unit: true })), []);
}

/**
 * A mapping with keys of the user's own. Absent is empty. It has no prototype, so that a key such as `constructor`
 * is not found unless the user wrote it.
 */
export function mapOf<T>(value: Schema<T>): Schema<Readonly<Record<string, T>>> {
  const bare = v.pipe(
    v.record(v.string(), value),
    v.transform((record) => Object.assign(Object.create(null) as Record<string, T>, record)),
  );
  return withDefault<Readonly<Record<string, T>>>(bare, Object.freeze(Object.create(null)));
}

/** `schema` says what may be written all the same. */
export function unsupported(why: string, schema: Schema<unknown> = anything): Schema<unknown> {
  return mark(maybe(schema), { remark: { kind: 'unsupported', why } });
}

export function ignored(why: string, schema: Schema<unknown> = anything): Schema<unknown> {
  return mark(maybe(schema), { remark: { kind: 'ignored', why } });
}

export function deprecated<T>(schema: Schema<T>, why: string): Schema<T> {
  return mark(schema, { remark: { kind: 'deprecated', why } });
}

/** As `deprecated`, where the system whose field it is warns of it. */
export function warnedOf<T>(schema: Schema<T>, why: string): Schema<T> {
  return mark(schema, { remark: { kind: 'deprecated', why, isWarned: true } });
}

/** A value that is taken, with a warning where `find` has something to say about it. */
export function linted<T>(schema: Schema<T>, find: (value: unknown) => string | null): Schema<T> {
  return mark(schema, { lint: find });
}

/** A rule over a whole value, such as "exactly one of". */
export function check<T>(schema: Schema<T>, holds: (value: T) => boolean, message: string): Schema<T> {
  return v.pipe(schema, v.check(holds, message));
}

/** A rule that says itself what is wrong; null: nothing. */
export function problem<T>(schema: Schema<T>, find: (value: T) => string | null): Schema<T> {
  return v.pipe(
    schema,
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? find(dataset.value) : null;
      if (message !== null) addIssue({ message });
    }),
  );
}

/** Marks an issue as one of Limpet's own limits: the API takes the value, and it can't be served. */
export const LIMIT = 'servable';

/** As `problem`, for what the API takes and Limpet can't serve: a warning, at the cost of the enclosing unit. */
export function limit<T>(schema: Schema<T>, find: (value: T) => string | null): Schema<T> {
  return v.pipe(
    schema,
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? find(dataset.value) : null;
      if (message !== null) addIssue({ message, expected: LIMIT });
    }),
  );
}

/** `convert` returns undefined where the value does not fit; `message` then says what would. */
export function convert<From, To>(
  schema: Schema<From>,
  to: (value: From) => To | undefined,
  message: string,
): Schema<To> {
  return v.pipe(
    schema,
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = to(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message });
      return NEVER;
    }),
  );
}

/** Present or not, and whatever it is. */
export const anything: Schema<unknown> = v.optional(v.unknown());
export const text: Schema<string> = v.string();

/** As `convert`, for what is written as text: anything else gets the same message. */
export function convertText<To>(to: (written: string) => To | undefined, message: string): Schema<To> {
  return convert(v.string(message), to, message);
}

export const nonEmptyText: Schema<string> = v.pipe(v.string(), v.minLength(1, 'must not be empty'));
export const bool: Schema<boolean> = v.boolean();
export const texts: Schema<readonly string[]> = list(text);
export const textMap: Schema<Readonly<Record<string, string>>> = mapOf(text);

export function integer(minimum: number, maximum: number): Schema<number> {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return v.pipe(
    v.number(),
    v.check((value) => Number.isInteger(value) && value >= minimum && value <= maximum, message),
  );
}

export const portNumber: Schema<number> = integer(1, 65535);

/** A 64-bit count as JSON carries it: a number, or its digits in quotes. */
export function unsigned64(maximum: number): Schema<number> {
  return convert(
    v.union([v.number(), v.string()], 'must be a whole number, or one in quotes') as Schema<number | string>,
    (value) => {
      if (typeof value === 'string' && !/^\d{1,16}$/.test(value)) return undefined;
      const count = Number(value);
      return Number.isInteger(count) && count >= 0 && count <= maximum ? count : undefined;
    },
    `must be a whole number from 0 to ${maximum}, or one in quotes`,
  );
}

export function decimal(minimum: number, maximum: number): Schema<number> {
  return v.pipe(
    v.number(),
    v.check((value) => value >= minimum && value <= maximum, `must be a number from ${minimum} to ${maximum}`),
  );
}

export function oneOf<const T extends string>(...words: readonly T[]): Schema<T> {
  return v.picklist(words, `must be one of ${words.join(', ')}`);
}
