import { problem, type Schema, texts } from '../../resources/schema.ts';

/** Rules that several of Istio's kinds share. */

/** `*` means everybody, `~` nobody; neither goes together with names. */
export const exportTo: Schema<readonly string[]> = problem(texts, (names) => {
  const isExclusive = names.some((name) => name === '*' || name === '~');
  return isExclusive && names.length > 1 ? 'must not have * or ~ beside other values' : null;
});

/** What to say where a name (null: none) comes up twice; null: none does. */
export function duplicate(names: readonly (string | null)[], what: string): string | null {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === null) continue;
    if (seen.has(name)) return `has the ${what} ${JSON.stringify(name)} twice`;
    seen.add(name);
  }
  return null;
}
