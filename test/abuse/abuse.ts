import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ROOT } from '../support/tools.ts';
import { type AbuseReport, type PhaseReport, runAbuse } from './abuse-run.ts';
import { ABUSER_KINDS, type AbuserKind } from './abusers.ts';

/*
 * npm run abuse -- [--seconds N] [--write]
 *
 * 100 well-behaved clients, quiet and beside each kind of bad client and all of them together, N seconds each (10). Prints
 * a table; --write puts it into docs/reliability.md. Exit 1: a good request failed.
 */

const COUNTS: { readonly [kind in AbuserKind]: number } = {
  'slow-heads': 1_000,
  'slow-bodies': 500,
  idle: 10_000,
  churn: 500,
  'slow-readers': 50,
  flood: 5,
  'deaf-flood': 20,
};

const BEGIN = '<!-- abuse:begin -->';
const END = '<!-- abuse:end -->';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '10' }, write: { type: 'boolean', default: false } },
  });
  const report = await runAbuse({
    secondsPerPhase: Number(values.seconds),
    goodClients: 100,
    phases: [...ABUSER_KINDS.map((kind) => ({ [kind]: COUNTS[kind] })), COUNTS],
    onPhase: (phase) => process.stderr.write(`${phase.name}: p99 ${phase.good.p99Millis.toFixed(1)} ms\n`),
  });
  const table = formatReport(report);
  process.stdout.write(table);
  if (values.write) writeTable(table);
  return report.phases.some(({ good }) => good.failed > 0) ? 1 : 0;
}

function formatReport({ phases, connectionsLeft }: AbuseReport): string {
  const quiet = phases[0]?.good.p99Millis ?? Number.NaN;
  const rows = phases.map(
    (phase) =>
      `| ${nameOf(phase)} | ${phase.good.requests} | ${phase.good.failed} | ${phase.good.p50Millis.toFixed(2)} | ${phase.good.p99Millis.toFixed(2)} | ${(phase.good.p99Millis / quiet).toFixed(2)} | ${endedOf(phase)} | ${phase.memoryMebibytes.toFixed(0)} |`,
  );
  const head =
    '| beside the 100 clients | their requests | failed | p50 ms | p99 ms | p99 / quiet | abusers: opened, ended | memory MiB |';
  return `${head}\n| --- | --: | --: | --: | --: | --: | --: | --: |\n${rows.join('\n')}\n\n${connectionsLeft} client connections were left when all abusers had gone.\n`;
}

function nameOf({ name, abusers }: PhaseReport): string {
  return Object.keys(abusers).length > 1 ? 'all of these at once' : name;
}

function endedOf({ abusers }: PhaseReport): string {
  const reports = Object.values(abusers);
  const sum = (field: 'opened' | 'ended'): number => reports.reduce((total, report) => total + report[field], 0);
  return reports.length === 0 ? '' : `${sum('opened')}, ${sum('ended')}`;
}

function writeTable(table: string): void {
  const file = `${ROOT}docs/reliability.md`;
  const text = readFileSync(file, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} lacks the lines ${BEGIN} and ${END}`);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n${table}${text.slice(end)}`);
}

process.exitCode = await main();
