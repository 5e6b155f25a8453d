import type { Result } from './play-corpus.ts';

/** A line per category with cases passed and preferred outcomes taken, then each failure with its reasons. */
export function formatResults(results: readonly Result[]): string {
  const rows = new Map<string, Result[]>();
  for (const result of results) {
    const key = `${result.played.kind} ${result.played.category}`;
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  const lines = [...rows].map(([key, group]) => `${key.padEnd(28)} ${formatCounts(group)}`);
  lines.push(`${'all'.padEnd(28)} ${formatCounts(results)}`);
  for (const { played, faults } of results) {
    if (faults.length > 0) lines.push(`FAIL ${played.id}: ${faults.join('; ')}`);
  }
  for (const { played, isPreferred } of results) {
    if (isPreferred === false) lines.push(`not the preferred outcome (${played.expect.prefer}): ${played.id}`);
  }
  return lines.map(toPrintable).join('\n');
}

export function countFailed(results: readonly Result[]): number {
  return results.filter(({ faults }) => faults.length > 0).length;
}

function formatCounts(results: readonly Result[]): string {
  const rated = results.filter(({ isPreferred }) => isPreferred !== null);
  const passed = `${results.length - countFailed(results)}/${results.length}`.padStart(9);
  const preferred = rated.filter(({ isPreferred }) => isPreferred).length;
  return rated.length === 0 ? passed : `${passed}   preferred ${preferred}/${rated.length}`;
}

function toPrintable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
