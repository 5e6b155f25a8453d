// CPU time per proxied request and requests per second, for Limpet and the peers this machine has: `npm run bench`.
// How it measures, and how to read the figures, is in docs/performance.md.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { reservePort } from '../../test/support/http-server.ts';
import { createTempDir, type TempDir } from '../../test/support/temp-dir.ts';
import { findTool, ROOT } from '../../test/support/tools.ts';
import type { Contender } from './contenders/contender.ts';
import { envoy } from './contenders/envoy.ts';
import { haproxy } from './contenders/haproxy.ts';
import { limpet } from './contenders/limpet.ts';
import { nginx } from './contenders/nginx.ts';
import { type Cores, chooseCores } from './cores.ts';
import { CONNECTIONS, findWrkVersion, runLoad, sessionScript } from './load.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { formatReport, writeReport } from './report.ts';
import { checkAffinity, type Entrant, runRounds, runTurn } from './rounds.ts';
import { startUpstreamPods, type UpstreamPods } from './upstream-pods.ts';

const CONTENDERS: readonly Contender[] = [limpet, envoy, haproxy, nginx];
const DOCUMENT = `${ROOT}docs/performance.md`;

async function main(options: BenchOptions): Promise<void> {
  using dir = createTempDir();
  await using stack = new AsyncDisposableStack();
  const cores = chooseCores();
  const upstream = stack.use(await startUpstreamPods(cores.load, (name, text) => dir.write(name, text)));
  const load = { core: cores.load, script: dir.write('sessions.lua', sessionScript()) };
  const entrants = await startEntrants(options, { dir, cores, upstream, stack });

  note('warming up');
  const [pod] = upstream.pods;
  if (pod === undefined) throw new Error('there are no pods');
  // Straight to a pod first: it warms up what is not measured, and shows what load and pods can do.
  const direct = await runLoad({ ...load, seconds: options.warmUpSeconds, host: pod.host, port: pod.port });
  for (const entrant of entrants) {
    await checkAffinity(entrant);
    await runTurn(entrant, { ...load, seconds: options.warmUpSeconds });
  }

  const turns = await runRounds(
    entrants,
    options.rounds,
    { ...load, seconds: options.secondsPerRound },
    (round, { name }, turn) =>
      note(
        `round ${round + 1}: ${name} ${turn.cpuMicrosPerRequest.toFixed(1)} us, ${turn.requestsPerSecond.toFixed(0)} requests/s`,
      ),
  );
  const report = formatReport(
    entrants.map((entrant) => ({ name: entrant.name, version: entrant.version, turns: turns.get(entrant) ?? [] })),
    {
      machine: describeMachine(),
      date: new Date().toISOString().slice(0, 10),
      load: `wrk ${findWrkVersion()}, ${CONNECTIONS} keep-alive connections, turns of ${options.secondsPerRound} s`,
      pods: upstream.kind,
      direct,
      isPinned: cores.contender !== null,
    },
  );
  process.stdout.write(`\n${report}`);
  if (options.write) writeReport(DOCUMENT, report);
}

interface Ground {
  readonly dir: TempDir;
  readonly cores: Cores;
  readonly upstream: UpstreamPods;
  /** Ends what was started, in the reverse order, however the run ends. */
  readonly stack: AsyncDisposableStack;
}

async function startEntrants(options: BenchOptions, ground: Ground): Promise<Entrant[]> {
  const { dir, cores, upstream, stack } = ground;
  const entrants: Entrant[] = [];
  for (const contender of CONTENDERS) {
    const { name } = contender;
    if (options.only !== null && !options.only.includes(name.toLowerCase())) continue;
    const version = contender.findVersion();
    if (version === null) {
      note(`without ${name}, which this machine lacks`);
      continue;
    }
    const setup = {
      pods: upstream.pods,
      port: await reservePort(),
      accessLog: `${dir.path}/${name.toLowerCase()}.log`,
      writeConfig: (file: string, text: string) => dir.write(file, text),
      core: cores.contender,
      cpuProfileDir: options.cpuProfileDir,
    };
    writeFileSync(setup.accessLog, '');
    const running = stack.use(await contender.start(setup));
    entrants.push({ name, version, setup, process: running });
    note(`started ${name} ${version}`);
  }
  if (entrants.length === 0) throw new Error('none of the contenders asked for is here');
  return entrants;
}

function note(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

function readOptions(): BenchOptions | null {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return null;
  }
}

// Ends by way of exit(), on which the started processes are ended too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const options = readOptions();
if (process.platform !== 'linux' || findTool('wrk') === undefined) {
  note('needs Linux, whose /proc gives the CPU time of a process, and wrk');
  process.exitCode = 1;
} else if (options !== null) {
  try {
    await main(options);
  } catch (error) {
    for (let cause = error; cause instanceof Error; cause = cause.cause) note(cause.message);
    process.exitCode = 1;
  }
}
