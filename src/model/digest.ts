import { createHash } from 'node:crypto';

/** SHA-256 (hex) of a value's canonical JSON: object keys sorted, lists in their order. Equal digests mean equal values. */
export function digest(value: unknown): string {
  return createHash('sha256').update(toCanonicalJson(value)).digest('hex');
}

/** JSON with sorted keys and no white space; `undefined` members are left out as JSON.stringify does. */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    const record = member as Record<string, unknown>;
    return Object.fromEntries(
      Object.keys(record)
        .sort()
        .map((key) => [key, record[key]]),
    );
  });
}
