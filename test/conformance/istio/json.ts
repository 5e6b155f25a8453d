export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [name: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object, or an empty one where there is none. */
export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

export function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

export function objectsOf(value: Json | undefined): JsonObject[] {
  return listOf(value).filter(isObject);
}

/** The fields but for some. */
export function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** Text that is equal for equal values, whatever the order of their fields. */
export function canonical(value: Json): string {
  return JSON.stringify(value, (_name, member: Json) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}

/** Every value that has no values inside, by its path; empty lists and objects are such values. */
export function leavesOf(value: Json, path = ''): Map<string, Json> {
  const leaves = new Map<string, Json>();
  const add = (member: Json, at: string): void => {
    const entries: [string, Json][] = Array.isArray(member)
      ? member.map((item, index) => [`${at}[${index}]`, item])
      : isObject(member)
        ? Object.entries(member).map(([name, item]) => [at === '' ? name : `${at}.${name}`, item])
        : [];
    if (entries.length === 0) leaves.set(at, member);
    for (const [inner, item] of entries) add(item, inner);
  };
  add(value, path);
  return leaves;
}
