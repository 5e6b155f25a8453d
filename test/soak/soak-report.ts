import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { growthOf, type MemorySample, meanMebibytes } from './soak-memory.ts';
import type { SoakOptions, SoakResult } from './soak-run.ts';

const BEGIN = '<!-- soak:begin -->';
const END = '<!-- soak:end -->';

/** Code that was compiled meanwhile and whatever runs at the moment come on top of what is kept. */
const MAX_LIVE_GROWTH = 1.15;

/** What is wrong with a result apart from timing; empty where all promises were kept. */
export function findBroken(result: SoakResult): readonly string[] {
  const broken: string[] = [];
  const { failedOutside, counts, kills, exit } = result;
  if (failedOutside.length > 0) {
    const reasons = [...new Set(failedOutside.map(({ reason }) => reason))].slice(0, 5).join(', ');
    broken.push(`${failedOutside.length} requests failed outside a killed worker: ${reasons}`);
  }
  if (counts.strayed.length > 0)
    broken.push(`${counts.strayed.length} requests left a healthy pod: ${counts.strayed[0]}`);
  if (kills.some(({ backMillis }) => backMillis === null)) broken.push('a killed worker did not come back');
  for (const { name, liveBytes } of result.memory) {
    const [early = 0, late = 0] = liveBytes;
    if (late > early * MAX_LIVE_GROWTH) broken.push(`the ${name} uses ${late} bytes after ${early}: it leaks`);
  }
  if (exit !== 0) broken.push(`the gateway ended with ${exit}`);
  return broken;
}

/** The figures as Markdown. */
export function formatSoak(result: SoakResult, options: SoakOptions): string {
  const { counts, kills, failedInside, failedOutside } = result;
  const sessions = [...counts.sessions.values()].reduce((sum, count) => sum + count, 0);
  const back = kills.map(({ backMillis }) => backMillis ?? Number.POSITIVE_INFINITY);
  const rows = [
    ['capacity measured before', `${result.capacity.toFixed(0)} requests/s`],
    ['load', `${result.rate.toFixed(0)} requests/s, ${options.clients} clients with sessions`],
    ['time', `${(result.durationMillis / 60_000).toFixed(1)} minutes`],
    ['requests', `${counts.succeeded}`],
    ['configurations served', `${result.revisions} (route edits ${result.edits}, endpoint flaps ${result.flaps})`],
    ['workers killed', `${kills.length}`],
    ['back after', `${Math.min(...back).toFixed(0)} to ${Math.max(...back).toFixed(0)} ms`],
    ['failed requests inside a killed worker', `${failedInside.length}`],
    ['**failed requests elsewhere**', `**${failedOutside.length}**`],
    ['sessions', `${sessions}`],
    ['**requests that left a healthy pod**', `**${counts.strayed.length}**`],
    ['latency p50, p99', `${counts.latencyMillis(0.5).toFixed(1)} ms, ${counts.latencyMillis(0.99).toFixed(1)} ms`],
    ...result.memory.flatMap(({ name, samples, liveBytes }) => [
      [
        `memory of the ${name}`,
        `${meanMebibytes(samples).toFixed(0)} MiB, ${(growthOf(samples, result.durationMillis) * 100).toFixed(1)} % growth over the last 80 %; each minute: ${perMinute(samples).join(', ')}`,
      ],
      [
        `of it in use after a garbage collection`,
        `${liveBytes.map((bytes) => (bytes / 1_048_576).toFixed(1)).join(' MiB at 5 % of the time, ')} MiB at the end`,
      ],
    ]),
  ];
  const table = rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n');
  const date = new Date().toISOString().slice(0, 10);
  return `| | |
| --- | --- |
${table}

${date}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown processor'}, Node ${process.version}, ${options.workers} workers; load and pods on the same machine.
`;
}

/** Mebibytes at the end of each whole minute. */
function perMinute(samples: readonly MemorySample[]): readonly string[] {
  const minutes = Map.groupBy(samples, ({ millis }) => Math.floor(millis / 60_000));
  return [...minutes.values()].map((each) => ((each.at(-1)?.bytes ?? 0) / 1_048_576).toFixed(0));
}

/** Puts the report between the markers of a Markdown file; throws where it has none. */
export function writeSoak(file: string, report: string): void {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no ${BEGIN} and ${END}`);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n${report}${text.slice(end)}`);
}
