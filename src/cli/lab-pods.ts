import type { Command } from 'commander';
import { connectToLab } from '../lab/control-client.ts';
import type { PodView } from '../lab/lab-views.ts';
import { type OutputFlags, outputOption } from './common-options.ts';
import { formatTable, print, printJson } from './output.ts';

/** `limpet lab pods`: what runs, where, and how it is. */
export function addLabPodsCommand(lab: Command, stateFile: () => string): void {
  lab
    .command('pods')
    .description('list the pods of the lab that runs')
    .addOption(outputOption())
    .action(async (flags: OutputFlags) => {
      const pods = await (await connectToLab(stateFile())).pods();
      if (flags.output === 'json') printJson(pods);
      else print(formatPods(pods));
    });
}

export function formatPods(pods: readonly PodView[]): string {
  const rows = pods.map(({ tutorial, service, name, version, address, pid, state, restarts }) => [
    tutorial,
    service,
    name,
    version,
    address,
    pid === 0 ? '-' : String(pid),
    state,
    String(restarts),
  ]);
  return formatTable([['TUTORIAL', 'SERVICE', 'POD', 'VERSION', 'ADDRESS', 'PID', 'STATE', 'RESTARTS'], ...rows]);
}
