import { type Command, Option } from 'commander';

export interface PathFlags {
  readonly file: readonly string[];
  readonly recursive: boolean;
}

export interface OutputFlags {
  readonly output: 'text' | 'json';
}

/** `-f PATH...` and `-R`. */
export function pathOption(): Option {
  return new Option(
    '-f, --file <path...>',
    'files, and folders with *.yaml, *.yml and *.json; check, explain and convert read - from standard input',
  );
}

export function recursiveOption(): Option {
  return new Option('-R, --recursive', 'read folders inside folders as well').default(false);
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text');
}

/** Declares the options that say what to read. */
export function addPathOptions(command: Command): Command {
  return command.addOption(pathOption().makeOptionMandatory()).addOption(recursiveOption());
}
