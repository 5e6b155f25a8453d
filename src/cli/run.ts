import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { createApp } from '../app.ts';
import type { App, AppOptions } from '../app-types.ts';
import { LIMIT_SETTINGS } from '../gateway/limit-settings.ts';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from '../gateway/limits.ts';
import { type Inheritance, receiveInheritance } from '../gateway/sockets/handover.ts';
import { formatAddress } from '../model/address.ts';
import type { AccessLogTarget } from '../telemetry/access-log.ts';
import { createLog } from '../telemetry/log.ts';
import { summarize } from './check.ts';
import { CommandFailure } from './command-failure.ts';
import { addPathOptions, type OutputFlags, outputOption, type PathFlags } from './common-options.ts';
import {
  type HostAndPort,
  parseAccessLog,
  parseAdminAddress,
  parseBindAddress,
  parseLimit,
  parsePortMapping,
  parseSecondsToMillis,
  parseTrustedHops,
  parseWorkers,
} from './option-values.ts';
import { print, printRemark } from './output.ts';
import { PidFile } from './pid-file.ts';
import { createPlainLog } from './plain-log.ts';
import { untilStopped } from './signals.ts';
import { drainFileOf, sessionKeysOf } from './state-folder.ts';
import { readToken } from './token-file.ts';

interface RunFlags extends PathFlags, OutputFlags {
  readonly port: ReadonlyMap<number, number>;
  readonly bind?: string;
  readonly admin: HostAndPort | 'off';
  readonly adminTokenFile?: string;
  readonly accessLog: AccessLogTarget;
  readonly grace: number;
  readonly watch: boolean;
  readonly workers: number;
  readonly limit: GatewayLimits;
  readonly proxyProtocol: boolean;
  readonly trustedHops: number | null;
  readonly sessionKeys?: string;
  readonly pidFile?: string;
}

/** `limpet run`: serves until it is told to stop. */
export function addRunCommand(program: Command): void {
  addPathOptions(program.command('run'))
    .description('serve the files; SIGHUP reloads, SIGUSR2 starts a new release, SIGTERM and Ctrl-C finish and exit')
    .addOption(
      new Option('-p, --port <yaml=bound>', "bind the YAML's port as another one, such as 80=18080; may be repeated")
        .argParser(parsePortMapping)
        .default(new Map(), "the YAML's ports"),
    )
    .addOption(new Option('--bind <address>', "address to listen on (default: the YAML's)").argParser(parseBindAddress))
    .addOption(
      new Option('--admin <address>', 'where the admin API listens, or off')
        .argParser(parseAdminAddress)
        .default({ host: '127.0.0.1', port: 15_000 }, '127.0.0.1:15000'),
    )
    .option('--admin-token-file <file>', 'holds the token for changes by the admin API when it is not on loopback')
    .addOption(
      new Option('--access-log <target>', 'stdout, off or a file')
        .argParser(parseAccessLog)
        .default({ kind: 'stdout' }, 'stdout'),
    )
    .addOption(
      new Option('--grace <seconds>', 'time for running requests when stopping')
        .argParser(parseSecondsToMillis)
        .default(30_000, '30'),
    )
    .addOption(
      new Option('--workers <number>', 'processes that serve; 1: no process beside the main one')
        .argParser(parseWorkers)
        .default(availableParallelism(), 'one per core'),
    )
    .addOption(
      new Option('--limit <name=value>', 'set a limit of those below; may be repeated')
        .argParser(parseLimit)
        .default(DEFAULT_GATEWAY_LIMITS, 'docs/limits.md'),
    )
    .option('--proxy-protocol', 'connections begin with a PROXY protocol header, version 1 or 2', false)
    .addOption(
      new Option('--trusted-hops <number>', 'proxies in front that append to x-forwarded-for')
        .argParser(parseTrustedHops)
        .default(null, "the YAML's"),
    )
    .option(
      '--session-keys <file>',
      'keys of session tokens, made by limpet token keygen (default: one in the state folder)',
    )
    .option('--pid-file <file>', 'names the process to signal, also after SIGUSR2')
    .option('--no-watch', 'reload on SIGHUP only, not when files change')
    .addOption(outputOption())
    .addHelpText('after', formatLimitHelp)
    .action(run);
}

async function run(flags: RunFlags): Promise<void> {
  const startedAt = performance.now();
  const inheritance = await receiveInheritance();
  await using app = await startApp(flags, inheritance);
  await app.ready;
  using _pidFile = new PidFile(flags.pidFile ?? null);
  // Before the line that says so: whoever reads it may signal at once.
  const stopped = untilStopped({
    onReload: () => void app.reload(),
    onSucceed: () => handOver(app),
    onStop: () => printRemark('finishing the requests that run; Ctrl-C again exits at once'),
  });
  print(flags.output === 'json' ? JSON.stringify(describeApp(app)) : formatReady(app, performance.now() - startedAt));
  inheritance?.announce();
  await stopped;
  await app.drain(flags.grace);
}

/** True when a new process serves. */
async function handOver(app: App): Promise<boolean> {
  printRemark('starting a new process, which takes over when it serves');
  try {
    printRemark(`process ${await app.handOver()} has taken over`);
    return true;
  } catch (error) {
    printRemark(`${error instanceof Error ? error.message : String(error)}; this one goes on`);
    return false;
  }
}

async function startApp(flags: RunFlags, inheritance: Inheritance | null): Promise<App> {
  const token = flags.adminTokenFile === undefined ? null : readToken(flags.adminTokenFile);
  try {
    const options: AppOptions = {
      paths: flags.file,
      recursive: flags.recursive,
      translation: { istio: flags.istio },
      portMap: flags.port,
      bind: flags.bind ?? null,
      admin: flags.admin === 'off' ? null : { ...flags.admin, token },
      accessLog: flags.accessLog,
      watch: flags.watch,
      workers: flags.workers,
      limits: flags.limit,
      sessionKeys: sessionKeysOf(flags.sessionKeys),
      ...drainFileOf(process.env, flags.admin),
      frontProxies: { proxyProtocol: flags.proxyProtocol, trustedHops: flags.trustedHops },
    };
    return await createApp(options, process.stderr.isTTY ? createPlainLog() : createLog(), inheritance?.sockets);
  } catch (error) {
    throw new CommandFailure(1, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The table of limits below the options. */
function formatLimitHelp(): string {
  const rows = LIMIT_SETTINGS.map(
    ({ name, byDefault, description }) => `  ${name.padEnd(25)}${byDefault.padEnd(8)}${description}`,
  );
  return `\nLimits (name, default, what it bounds; 0 is off):\n${rows.join('\n')}\n`;
}

function describeApp(app: App): Record<string, unknown> {
  const { listeners, adminAddress, snapshot } = app;
  return { ready: listeners.length > 0, listeners, admin: adminAddress, revision: snapshot?.revision ?? 0 };
}

/** One line: what listens where, what is behind it, and how long it took. */
function formatReady(app: Pick<App, 'listeners' | 'adminAddress' | 'snapshot'>, millis: number): string {
  const { listeners, adminAddress, snapshot } = app;
  const where = listeners.map(({ name, address, port }) => `${name} on ${formatAddress(address, port)}`).join(', ');
  const parts = [
    listeners.length === 0 ? 'not ready: nothing to serve yet' : `ready: ${where}`,
    ...(snapshot === null ? [] : [summarize(snapshot.model), `revision ${snapshot.revision}`]),
    adminAddress === null ? 'admin off' : `admin on ${adminAddress}`,
    `${Math.round(millis)} ms`,
  ];
  return parts.join('; ');
}
