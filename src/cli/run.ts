import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { createApp } from '../app.ts';
import type { App, AppOptions } from '../app-types.ts';
import { formatAddress } from '../model/address.ts';
import type { AccessLogTarget } from '../telemetry/access-log.ts';
import { summarize } from './check.ts';
import { CommandFailure } from './command-failure.ts';
import { addPathOptions, type OutputFlags, outputOption, type PathFlags } from './common-options.ts';
import {
  type HostAndPort,
  parseAccessLog,
  parseAdminAddress,
  parseBindAddress,
  parsePortMapping,
  parseSecondsToMillis,
} from './option-values.ts';
import { print, printRemark } from './output.ts';
import { createPlainLog } from './plain-log.ts';
import { untilStopped } from './signals.ts';

interface RunFlags extends PathFlags, OutputFlags {
  readonly port: ReadonlyMap<number, number>;
  readonly bind?: string;
  readonly admin: HostAndPort | 'off';
  readonly adminTokenFile?: string;
  readonly accessLog: AccessLogTarget;
  readonly grace: number;
  readonly watch: boolean;
}

/** `limpet run`: serves until it is told to stop. */
export function addRunCommand(program: Command): void {
  addPathOptions(program.command('run'))
    .description('serve the files; SIGHUP reloads, SIGTERM and Ctrl-C finish what runs and exit')
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
    .option('--no-watch', 'reload on SIGHUP only, not when files change')
    .addOption(outputOption())
    .action(run);
}

async function run(flags: RunFlags): Promise<void> {
  const startedAt = performance.now();
  await using app = await startApp(flags);
  await app.ready;
  print(flags.output === 'json' ? JSON.stringify(describeApp(app)) : formatReady(app, performance.now() - startedAt));
  await untilStopped({
    onReload: () => void app.reload(),
    onStop: () => printRemark('finishing the requests that run; Ctrl-C again exits at once'),
  });
  await app.drain(flags.grace);
}

async function startApp(flags: RunFlags): Promise<App> {
  const token = flags.adminTokenFile === undefined ? null : readToken(flags.adminTokenFile);
  try {
    const options: AppOptions = {
      paths: flags.file,
      recursive: flags.recursive,
      portMap: flags.port,
      bind: flags.bind ?? null,
      admin: flags.admin === 'off' ? null : { ...flags.admin, token },
      accessLog: flags.accessLog,
      watch: flags.watch,
    };
    return await (process.stderr.isTTY ? createApp(options, createPlainLog()) : createApp(options));
  } catch (error) {
    throw new CommandFailure(1, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function readToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CommandFailure(2, `the token file ${path} can't be read`, { cause: error });
  }
  if (!/^[\x21-\x7e]{16,}$/.test(token)) {
    throw new CommandFailure(2, `the token in ${path} must be one word of at least 16 letters, digits and signs`);
  }
  return token;
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
