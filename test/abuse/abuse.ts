import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ROOT } from '../support/tools.ts';
import { type AbuseReport, type PhaseReport, runAbuse } from './abuse-run.ts';
import type { GatewayKind } from './abused-gateway.ts';
import { ABUSER_KINDS, type AbuserKind } from './abusers.ts';
import type { GoodReport } from './good-clients.ts';

/*
 * npm run abuse -- [--seconds N] [--rounds N] [--only KIND|all] [--gateway envoy] [--write]
 *
 * 100 well-behaved clients beside each kind of bad client and all of them together, N seconds each (8) and as long in quiet
 * before each, in several rounds (3). Prints a table; --write puts it into docs/reliability.md. Exit 1: a good request
 * failed.
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

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      gateway: { type: 'string', default: 'limpet' },
      write: { type: 'boolean', default: false },
    },
  });
  const { only } = values;
  const gateway = values.gateway === 'envoy' ? 'envoy' : 'limpet';
  const kinds = ABUSER_KINDS.filter((kind) => only === undefined || kind === only);
  const round = [
    ...kinds.map((kind) => ({ [kind]: COUNTS[kind] })),
    ...(only === undefined || only === 'all' ? [COUNTS] : []),
  ];
  const report = await runAbuse({
    secondsPerPhase: Number(values.seconds),
    goodClients: 100,
    gateway,
    phases: Array.from({ length: Number(values.rounds) }, () => round).flat(),
    onPhase: (phase) =>
      process.stderr.write(
        `${nameOf(phase)}: p99 ${phase.good.p99Millis.toFixed(1)} ms, quiet ${phase.quiet.p99Millis.toFixed(1)} ms, ${phase.memoryMebibytes.toFixed(0)} MiB\n`,
      ),
  });
  const table = formatReport(report);
  process.stdout.write(table);
  if (values.write) writeTable(gateway, table);
  return report.phases.some(({ good, quiet }) => good.failed + quiet.failed > 0) ? 1 : 0;
}

function formatReport({ phases, connectionsLeft }: AbuseReport): string {
  const quiet = phases.map((phase) => phase.quiet);
  const quietP99 = medianOf(quiet.map(({ p99Millis }) => p99Millis));
  const rows = [...Map.groupBy(phases, nameOf)].map(([name, rounds]) => {
    const ended = `${sumOf(rounds, 'opened')}, ${sumOf(rounds, 'ended')}`;
    const memory = Math.max(...rounds.map(({ memoryMebibytes }) => memoryMebibytes)).toFixed(0);
    return formatRow(
      name,
      rounds.map(({ good }) => good),
      quietP99,
      ended,
      memory,
    );
  });
  const head =
    '| beside the 100 clients | their requests | failed | p50 ms | p99 ms | p99 / quiet | abusers: opened, ended | memory MiB |';
  const table = [
    head,
    '| --- | --: | --: | --: | --: | --: | --: | --: |',
    formatRow('quiet', quiet, quietP99, '', ''),
    ...rows,
  ];
  return `${table.join('\n')}\n\n${connectionsLeft} client connections were left when all abusers had gone.\n`;
}

function formatRow(
  name: string,
  rounds: readonly GoodReport[],
  quietP99: number,
  ended: string,
  memory: string,
): string {
  const sum = (field: 'requests' | 'failed'): number => rounds.reduce((total, report) => total + report[field], 0);
  const p99s = rounds.map(({ p99Millis }) => p99Millis);
  const p50 = medianOf(rounds.map(({ p50Millis }) => p50Millis)).toFixed(2);
  const p99 = `${medianOf(p99s).toFixed(1)} (${Math.min(...p99s).toFixed(1)} to ${Math.max(...p99s).toFixed(1)})`;
  const ratio = (medianOf(p99s) / quietP99).toFixed(2);
  return `| ${name} | ${sum('requests')} | ${sum('failed')} | ${p50} | ${p99} | ${ratio} | ${ended} | ${memory} |`;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function nameOf({ name, abusers }: PhaseReport): string {
  return Object.keys(abusers).length > 1 ? 'all of these at once' : name;
}

function sumOf(rounds: readonly PhaseReport[], field: 'opened' | 'ended'): number {
  return rounds.flatMap(({ abusers }) => Object.values(abusers)).reduce((total, report) => total + report[field], 0);
}

function writeTable(gateway: GatewayKind, table: string): void {
  const file = `${ROOT}docs/reliability.md`;
  const [first, last] = ['begin', 'end'].map((place) => `<!-- abuse of ${gateway}: ${place} -->`);
  const text = readFileSync(file, 'utf8');
  const begin = text.indexOf(`${first}`);
  const end = text.indexOf(`${last}`);
  if (begin < 0 || end < begin) throw new Error(`${file} lacks the lines ${first} and ${last}`);
  writeFileSync(file, `${text.slice(0, begin)}${first}\n${table}${text.slice(end)}`);
}

process.exitCode = await main();
