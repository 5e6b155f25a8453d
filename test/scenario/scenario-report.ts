import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { ScenarioResult } from './scenario-run.ts';
import type { Tally } from './tally.ts';

const BEGIN = '<!-- scenario:begin -->';
const END = '<!-- scenario:end -->';

/** What shows that the measurement itself can't be trusted, whatever the system; empty where it can. */
export function findUnsound({ tally }: ScenarioResult): readonly string[] {
  const unsound: string[] = [];
  if (tally.failed > 0) unsound.push(`${tally.failed} requests failed: ${formatFailures(tally)}`);
  if (tally.contradictions.length > 0)
    unsound.push(`${tally.contradictions.length} answers contradict each other: ${tally.contradictions[0]}`);
  return unsound;
}

/** What a SessionPolicy promises and a result does not show; empty where all was kept. */
export function findBroken(result: ScenarioResult): readonly string[] {
  const { tally } = result;
  const { lost, agreement, parallel, drains, forged, retired } = tally;
  const broken = [...findUnsound(result)];
  const check = (isKept: boolean, otherwise: string): void => {
    if (!isKept) broken.push(otherwise);
  };
  const examples = tally.examples.join(', ');
  check(lost.healthy === 0, `${lost.healthy} sessions were lost on healthy pods: ${examples}`);
  check(lost.draining === 0, `${lost.draining} sessions were lost on draining pods before their deadline: ${examples}`);
  const late = drains.filter(({ isInTime }) => !isInTime).map(({ pod }) => pod);
  // The last pod has the sessions that do not end.
  check(late.length <= 1, `pods had sessions left at their deadline: ${late.join(', ')}`);
  for (const { at, most, mean } of lastSpreads(tally).filter((spread) => spread.at.startsWith('rebalancing'))) {
    check(most / mean <= 1.25, `${at}: a pod has ${(most / mean).toFixed(2)} times the average`);
  }
  check(agreement.agreed === agreement.asked, `gateways disagree on ${agreement.asked - agreement.agreed} sessions`);
  check(parallel.agreed === parallel.asked, `${parallel.asked - parallel.agreed} clients began on several pods`);
  check(isChance(forged), `${forged.followed} of ${forged.naming} forged tokens were followed`);
  check(isChance(retired), `${retired.followed} of ${retired.asked} tokens of a retired key were followed`);
  return broken;
}

/** One column for each system, in Markdown. */
export function formatScenario(results: readonly ScenarioResult[], clients: number): string {
  const rows: readonly (readonly [string, (result: ScenarioResult) => string])[] = [
    ['**sessions lost on a pod that stayed healthy**', ({ tally }) => `**${tally.lost.healthy}**`],
    ['**sessions lost on a draining pod before its deadline**', ({ tally }) => `**${tally.lost.draining}**`],
    ['sessions lost on a draining pod, seen after its deadline', ({ tally }) => String(tally.lost.overdue)],
    ['sessions lost with a pod that was taken away without drain', ({ tally }) => String(tally.lost.removed)],
    ['of these, led to a stranger at the old address', ({ tally }) => String(tally.toReusedAddress)],
    ['sessions that moved after the application had saved them', ({ tally }) => String(tally.moved.released)],
    ['sessions that moved while idle, to spread them', ({ tally }) => String(tally.moved.idle)],
    ['pods empty before their drain deadline', ({ tally }) => formatDrains(tally)],
    ...SPREADS.map(
      ([at, label]) =>
        [
          `most / average sessions of a pod ${label}`,
          ({ tally }: ScenarioResult): string => formatSpread(tally, at),
        ] as const,
    ),
    ['forged tokens that named a pod and were followed', formatForged],
    ['tokens of a retired key that were followed', ({ tally }) => formatRetired(tally)],
    ['clients whose parallel first requests met one pod', ({ tally }) => formatShare(tally.parallel)],
    ['sessions on which all gateways agree', ({ tally }) => formatShare(tally.agreement)],
    ['clients without tokens: requests to the same pod as before', ({ tally }) => formatSilent(tally)],
    ['requests', ({ tally }) => String(tally.requests)],
    ['**failed requests**', ({ tally }) => `**${tally.failed}**`],
    ['time', ({ seconds }) => `${seconds.toFixed(0)} s`],
  ];
  const head = `| ${clients} clients | ${results.map(({ system }) => system.name).join(' | ')} |`;
  const rule = `| --- |${' --: |'.repeat(results.length)}`;
  const body = rows.map(([name, format]) => `| ${name} | ${results.map(format).join(' | ')} |`);
  const systems = results.map(({ system: { name, description } }) => `- ${name}: ${description}`);
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown processor'}`;
  return [head, rule, ...body, '', ...systems, '', `${date}, ${machine}, Node ${process.version}.`, ''].join('\n');
}

/** Puts the table between the markers of a Markdown file; throws where it has none. */
export function writeScenario(file: string, table: string): void {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} lacks the lines ${BEGIN} and ${END}`);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n${table}${text.slice(end)}`);
}

const SPREADS: readonly (readonly [at: string, label: string])[] = [
  ['start', 'at first (3 pods)'],
  ['scale-up', 'after 3 to 10'],
  ['rebalancing 1', 'after rebalancing'],
  ['scale-down', 'after 10 to 4'],
  ['replacement', 'after every pod was replaced'],
  ['rebalancing 2', 'after rebalancing at the end'],
];

/** The last one of each name: rebalancing is measured after each round. */
function lastSpreads({ spreads }: Tally): Tally['spreads'] {
  return [...new Map(spreads.map((spread) => [spread.at, spread])).values()];
}

function formatSpread(tally: Tally, at: string): string {
  const spread = lastSpreads(tally).find((each) => each.at === at);
  return spread === undefined ? '' : (spread.most / spread.mean).toFixed(2);
}

function formatDrains({ drains }: Tally): string {
  return `${drains.filter(({ isInTime }) => isInTime).length} of ${drains.length}`;
}

function formatForged({ system, tally: { forged } }: ScenarioResult): string {
  if (system.forge === null) return 'names no pod';
  return `${forged.followed} of ${forged.naming} (by chance ${forged.byChance.toFixed(0)})`;
}

/** Within four standard deviations of what chance does. */
function isChance({ followed, byChance }: { readonly followed: number; readonly byChance: number }): boolean {
  return followed <= byChance + 4 * Math.sqrt(byChance) + 4;
}

function formatRetired({ retired }: Tally): string {
  if (retired.asked === 0) return '';
  return `${retired.followed} of ${retired.asked} (by chance ${retired.byChance.toFixed(0)})`;
}

function formatSilent({ silent }: Tally): string {
  return `${((100 * silent.stayed) / Math.max(1, silent.repeated)).toFixed(1)} %`;
}

function formatShare({ agreed, asked }: { readonly agreed: number; readonly asked: number }): string {
  return `${agreed} of ${asked}`;
}

function formatFailures({ failures }: Tally): string {
  return [...failures].map(([reason, count]) => `${count} x ${reason}`).join(', ');
}
