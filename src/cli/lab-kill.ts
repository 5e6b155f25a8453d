import type { Command } from 'commander';
import { connectToLab } from '../lab/control-client.ts';
import { type OutputFlags, outputOption } from './common-options.ts';
import { print, printJson } from './output.ts';

interface KillFlags extends OutputFlags {
  readonly restart: boolean;
}

/** `limpet lab kill POD`: ends its process as a crash does. */
export function addLabKillCommand(lab: Command, stateFile: () => string): void {
  lab
    .command('kill')
    .description("kill a pod's process; it is started again after a moment")
    .argument('<pod>', 'as `limpet lab pods` names it')
    .option('--no-restart', 'let it stay dead')
    .addOption(outputOption())
    .action(async (name: string, { restart, output }: KillFlags) => {
      const pod = await (await connectToLab(stateFile())).kill(name, restart);
      if (output === 'json') printJson(pod);
      else print(`${pod.name} was killed${restart ? '; it is started again in a moment' : ' and stays dead'}`);
    });
}
