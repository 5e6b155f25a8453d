import { type Command, Option } from 'commander';
import { connectToLab } from '../lab/control-client.ts';
import { type OutputFlags, outputOption } from './common-options.ts';
import { formatPods } from './lab-pods.ts';
import { parseReplicas } from './option-values.ts';
import { count, print, printJson } from './output.ts';

interface ScaleFlags extends OutputFlags {
  readonly replicas: number;
  readonly tutorial?: string;
}

/** `limpet lab scale NAME --replicas N`: resolves when the gateway serves the new endpoints and old pods have ended. */
export function addLabScaleCommand(lab: Command, stateFile: () => string): void {
  lab
    .command('scale')
    .description('bring a service, or a workload of it, to a number of pods')
    .argument('<name>', 'such as httpbin, helloworld or helloworld-v2')
    .addOption(new Option('--replicas <number>', 'how many pods').argParser(parseReplicas).makeOptionMandatory())
    .option('--tutorial <name>', 'only in this one, such as asm; otherwise in all that have it')
    .addOption(outputOption())
    .action(async (name: string, { replicas, tutorial, output }: ScaleFlags) => {
      const client = await connectToLab(stateFile());
      const scaled = await client.scale(name, replicas, tutorial ?? null);
      if (output === 'json') {
        printJson(scaled);
        return;
      }
      for (const { tutorial: where, before, after } of scaled)
        print(`${where}: ${name} from ${before} to ${count(after, 'pod')}`);
      print(formatPods(scaled.flatMap(({ pods }) => pods)));
    });
}
