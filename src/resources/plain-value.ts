/** For looks at a resource that another dialect decodes: a few fields as they stand, whatever else is wrong. */

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The list in a field; empty where there is none. */
export function itemsOf(value: unknown, field: string): readonly unknown[] {
  const items = isRecord(value) ? value[field] : null;
  return Array.isArray(items) ? items : [];
}
