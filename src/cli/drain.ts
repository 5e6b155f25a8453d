import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { DrainProgress } from '../model/sessions-view.ts';
import { type Admin, NoAdminAnswer, requestDrain, requestSessions, requestUndrain } from './admin-client.ts';
import { CommandFailure } from './command-failure.ts';
import { type OutputFlags, outputOption } from './common-options.ts';
import { DrainDisplay, describeDrain, nameDrain } from './drain-display.ts';
import { type HostAndPort, parseDurationToSeconds, parseHostAndPort } from './option-values.ts';
import { print, printJson } from './output.ts';
import { readToken } from './token-file.ts';

const POLL_MILLIS = 1_000;
/** A gateway that is being replaced does not answer for a moment. */
const MAX_SILENCE_MILLIS = 15_000;

interface AdminFlags extends OutputFlags {
  readonly admin: HostAndPort;
  readonly adminTokenFile?: string;
}

interface DrainFlags extends AdminFlags {
  readonly deadline?: number;
  readonly wait: boolean;
}

/** `limpet drain` and `limpet undrain`. */
export function addDrainCommands(program: Command): void {
  addAdminOptions(program.command('drain'))
    .description('let a pod keep its sessions and give it no new work')
    .argument('<endpoint>', 'an address (10.0.0.1:8080 or 10.0.0.1), or the name, namespace/name or uid of a pod')
    .addOption(
      new Option(
        '--deadline <time>',
        'move what is left after this time, such as 10m (default: as the policies say)',
      ).argParser(parseDurationToSeconds),
    )
    .option('--wait', 'return when nothing is left or the deadline has come', false)
    .action(drain);
  addAdminOptions(program.command('undrain'))
    .description('give a pod new work again')
    .argument('<endpoint>', 'as for drain')
    .action(undrain);
}

function addAdminOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--admin <address>', "where the gateway's admin API listens")
        .argParser(parseHostAndPort)
        .default({ host: '127.0.0.1', port: 15_000 }, '127.0.0.1:15000'),
    )
    .option('--admin-token-file <file>', 'holds the token, where the admin API is not on loopback')
    .addOption(outputOption());
}

async function drain(endpoint: string, flags: DrainFlags): Promise<void> {
  const admin = adminOf(flags);
  const begun = await requestDrain(admin, { endpoint, deadlineSeconds: flags.deadline ?? null });
  const isText = flags.output === 'text';
  if (!flags.wait) {
    if (isText) print(`draining ${describeDrain(begun)}`);
    else printJson(begun);
    return;
  }
  const display = isText ? new DrainDisplay(process.stdout) : null;
  display?.show(begun);
  const ended = await untilDone(admin, begun, (progress) => display?.show(progress));
  if (display === null) printJson(ended);
  else display.finish(ended);
}

async function undrain(endpoint: string, flags: AdminFlags): Promise<void> {
  const drain = await requestUndrain(adminOf(flags), endpoint);
  if (flags.output === 'json') printJson(drain);
  else print(`${nameDrain(drain)} takes new sessions again`);
}

function adminOf({ admin, adminTokenFile }: AdminFlags): Admin {
  return { ...admin, token: adminTokenFile === undefined ? null : readToken(adminTokenFile) };
}

/** Resolves when nothing is left on the pod, or the deadline has come. */
async function untilDone(
  admin: Admin,
  begun: DrainProgress,
  onProgress: (progress: DrainProgress) => void,
): Promise<DrainProgress> {
  let progress = begun;
  let lastAnswer = performance.now();
  while (progress.state === 'draining') {
    await delay(POLL_MILLIS);
    try {
      const { drains } = await requestSessions(admin);
      lastAnswer = performance.now();
      const found = drains.find((each) => isSamePod(each, begun));
      if (found === undefined) throw new CommandFailure(1, `the drain of ${nameDrain(begun)} has been called off`);
      progress = found;
      onProgress(progress);
    } catch (error) {
      if (!(error instanceof NoAdminAnswer) || performance.now() - lastAnswer > MAX_SILENCE_MILLIS) throw error;
    }
  }
  return progress;
}

function isSamePod(a: DrainProgress, b: DrainProgress): boolean {
  if (a.uid !== b.uid || a.pod !== b.pod) return false;
  return b.uid !== '' || b.pod !== '' || a.addresses.some((address) => b.addresses.includes(address));
}
