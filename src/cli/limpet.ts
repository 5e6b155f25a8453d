import { CommanderError } from 'commander';
import { LabProblem } from '../lab/lab-problem.ts';
import { CommandFailure } from './command-failure.ts';
import { printRemark } from './output.ts';
import { createProgram } from './program.ts';

/** Runs the command of the arguments and gives the exit code; users see messages, never a stack. */
async function main(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its message; help and version are no mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (process.env['LIMPET_DEBUG'] !== undefined) console.error(error);
    if (error instanceof CommandFailure || error instanceof LabProblem) {
      if (error.message !== '') printRemark(error.message);
      return error instanceof CommandFailure ? error.exitCode : 1;
    }
    const message = error instanceof Error ? error.message : String(error);
    printRemark(`internal error: ${message} (LIMPET_DEBUG=1 shows where; please report it)`);
    return 1;
  }
}

// A reader such as `head` that has had enough is no fault; what serves goes on without it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const exitCode = await main(process.argv.slice(2));
// A pipe takes what is written to it later than the write returns.
for (const stream of [process.stdout, process.stderr])
  await new Promise<unknown>((resolve) => stream.write('', resolve));
process.exit(exitCode);
