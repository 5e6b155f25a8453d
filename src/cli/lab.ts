import { join } from 'node:path';
import type { Command } from 'commander';
import { createApp } from '../app.ts';
import { createLab, stateFileIn } from '../lab/lab.ts';
import { formatTryList } from '../lab/try-list.ts';
import { nearestName } from '../resources/nearest-name.ts';
import { addLabKillCommand } from './lab-kill.ts';
import { addLabLogsCommand } from './lab-logs.ts';
import { addLabPodsCommand } from './lab-pods.ts';
import { addLabScaleCommand } from './lab-scale.ts';
import { print, printRemark } from './output.ts';
import { untilStopped } from './signals.ts';
import { stateFolder } from './state-folder.ts';

/** `limpet lab`: the tutorials on this machine; its subcommands talk to the lab that runs. */
export function addLabCommand(program: Command): void {
  const lab = program
    .command('lab')
    .description('run the tutorials with their pods on this machine, and print what to try')
    .allowExcessArguments()
    .action(runLab);
  const stateFile = (): string => stateFileIn(labFolder());
  addLabPodsCommand(lab, stateFile);
  addLabScaleCommand(lab, stateFile);
  addLabLogsCommand(lab, stateFile);
  addLabKillCommand(lab, stateFile);
}

async function runLab(_flags: unknown, command: Command): Promise<void> {
  refuseArguments(command);
  const ended = untilStopped({
    onReload: null,
    onStop: () => printRemark('ending the pods and gateways; Ctrl-C again exits at once'),
    // npm and npx may be killed without being able to say so to what they started.
    withParent: process.env['npm_lifecycle_event'] !== undefined,
  });
  printRemark('starting the pods and gateways...');
  const starting = createLab({ folder: labFolder(), createApp, onEvent: printRemark });
  // Told to stop while it starts: the process ends, and the pods with it.
  const lab = await Promise.race([starting, ended.then(() => null)]);
  if (lab === null) return;
  await using _running = lab;
  print(formatTryList(lab.tutorials));
  await ended;
}

function labFolder(): string {
  return join(stateFolder(process.env), 'lab');
}

/** Commander takes an unknown subcommand for an argument, because `lab` does something by itself. */
function refuseArguments(command: Command): void {
  const [unknown] = command.args;
  if (unknown === undefined) return;
  const nearest = nearestName(
    unknown,
    command.commands.map((known) => known.name()),
  );
  command.error(`error: unknown command 'lab ${unknown}'${nearest === null ? '' : `\n(Did you mean lab ${nearest}?)`}`);
}
