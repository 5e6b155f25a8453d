import type { Command } from 'commander';
import { connectToLab } from '../lab/control-client.ts';
import { printRemark } from './output.ts';

/** `limpet lab logs POD`: a line for each request that the pod answered. */
export function addLabLogsCommand(lab: Command, stateFile: () => string): void {
  lab
    .command('logs')
    .description("print a pod's log")
    .argument('<pod>', 'as `limpet lab pods` names it')
    .option('-f, --follow', 'and go on with what comes', false)
    .action(async (pod: string, { follow }: { readonly follow: boolean }) => {
      const log = await (await connectToLab(stateFile())).log(pod, follow);
      try {
        for await (const chunk of log) process.stdout.write(chunk);
      } catch {
        printRemark('the lab has ended');
      }
    });
}
