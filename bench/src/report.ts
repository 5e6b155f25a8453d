import { readFileSync, writeFileSync } from 'node:fs';
import type { LoadResult } from './load.ts';
import type { Turn } from './rounds.ts';
import { type Spread, spreadOf } from './spread.ts';

/** The contender that the others are compared with. */
const REFERENCE = 'Envoy';

export interface Measured {
  readonly name: string;
  readonly version: string;
  /** One per round, in the rounds' order. */
  readonly turns: readonly Turn[];
}

export interface ReportFacts {
  readonly machine: string;
  /** The day in UTC, ISO form. */
  readonly date: string;
  readonly load: string;
  readonly pods: string;
  /** wrk straight to a pod: what load and pods can do without a proxy between. */
  readonly direct: LoadResult;
  readonly isPinned: boolean;
}

/** A Markdown table of the contenders, best first, with what a reader needs to judge it. */
export function formatReport(measured: readonly Measured[], facts: ReportFacts): string {
  const reference = measured.find(({ name }) => name === REFERENCE);
  const sorted = [...measured].sort((a, b) => cpuOf(a).median - cpuOf(b).median);
  const rows = sorted.map((row) => {
    const ratio = reference === undefined ? null : ratioOf(row, reference);
    return [
      `${row.name} ${row.version}`,
      formatSpread(cpuOf(row), 1),
      ratio === null ? '-' : formatSpread(ratio, 2),
      formatSpread(spreadOf(row.turns.map((turn) => turn.requestsPerSecond)), 0),
      spreadOf(row.turns.map((turn) => turn.p50Millis)).median.toFixed(2),
      spreadOf(row.turns.map((turn) => turn.p99Millis)).median.toFixed(2),
      Math.max(...row.turns.map((turn) => turn.residentMiB)).toFixed(0),
    ];
  });
  const head = ['', 'CPU us per request', `CPU / ${REFERENCE}'s`, 'requests/s', 'p50 ms', 'p99 ms', 'memory MiB'];
  const rounds = measured[0]?.turns.length ?? 0;
  return `${formatTable([head, ...rows])}

Median of ${rounds} rounds (lowest to highest); the ratio is taken round by round. ${facts.date}, ${facts.machine}.
${facts.load}; pods: ${facts.pods}; ${facts.isPinned ? 'contender on one core, load and pods on another' : 'nothing pinned to a core'}.
Without a proxy between, wrk and the pods make ${facts.direct.requestsPerSecond.toFixed(0)} requests/s.
`;
}

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** Puts the report between the two markers of a Markdown file; throws where it has none. */
export function writeReport(file: string, report: string): void {
  const text = readFileSync(file, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} lacks the lines ${BEGIN} and ${END}`);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n${report}${text.slice(end)}`);
}

function cpuOf({ turns }: Measured): Spread {
  return spreadOf(turns.map((turn) => turn.cpuMicrosPerRequest));
}

function ratioOf(row: Measured, reference: Measured): Spread {
  return spreadOf(
    row.turns.map(
      (turn, round) => turn.cpuMicrosPerRequest / (reference.turns[round]?.cpuMicrosPerRequest ?? Number.NaN),
    ),
  );
}

function formatSpread({ min, median, max }: Spread, digits: number): string {
  const range = `${min.toFixed(digits)} to ${max.toFixed(digits)}`;
  return `**${median.toFixed(digits)}** (${range})`;
}

function formatTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_cell, index) => (index === 0 ? '---' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
