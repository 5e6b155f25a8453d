import type { Tally } from '../replay/tally.ts';

export interface JudgedCase {
  readonly tags: readonly string[];
  readonly tally: Tally;
}

/** A Markdown table of the cases by tag, the most frequent first; a case with several tags counts under each. */
export function formatTable(cases: readonly JudgedCase[]): string {
  const tags = [...new Set(cases.flatMap((one) => one.tags))];
  const byTag = tags.map((tag) => ({ tag, members: cases.filter((one) => one.tags.includes(tag)) }));
  byTag.sort((a, b) => b.members.length - a.members.length || (a.tag < b.tag ? -1 : 1));
  const rows = byTag.map(({ tag, members }) => formatRow(tag, members));
  const head =
    '| tag | cases | of them as istiod has it | values compared | bettered |\n| --- | --- | --- | --- | --- |\n';
  return `${head}${rows.join('')}${formatRow('all', cases)}`;
}

function formatRow(name: string, cases: readonly JudgedCase[]): string {
  const right = cases.filter(({ tally }) => tally.failed === 0).length;
  const sum = (count: (tally: Tally) => number): number => cases.reduce((total, { tally }) => total + count(tally), 0);
  const compared = sum(({ passed, failed }) => passed + failed);
  return `| ${name} | ${cases.length} | ${right} | ${compared} | ${sum(({ bettered }) => bettered)} |\n`;
}
