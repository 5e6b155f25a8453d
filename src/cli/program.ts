import { Command } from 'commander';
import { addCheckCommand } from './check.ts';
import { addConvertCommand } from './convert.ts';
import { addDrainCommands } from './drain.ts';
import { addExplainCommand } from './explain.ts';
import { addLabCommand } from './lab.ts';
import { addRunCommand } from './run.ts';
import { addTokenCommand } from './token.ts';
import { readVersion } from './version.ts';

/** Every command with its options. Mistakes in a call are thrown as CommanderError instead of ending the process. */
export function createProgram(): Command {
  const program = new Command('limpet')
    .description('A session-affinity gateway: keeps every request of a session on the pod that holds it.')
    .version(readVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false });
  addRunCommand(program);
  addCheckCommand(program);
  addExplainCommand(program);
  addConvertCommand(program);
  addDrainCommands(program);
  addLabCommand(program);
  addTokenCommand(program);
  return program;
}
