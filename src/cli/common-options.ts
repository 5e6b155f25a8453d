import { type Command, Option } from 'commander';
import { ISTIO_SETTINGS } from '../dialects/istio/option-settings.ts';
import type { IstioOptions } from '../dialects/istio/options.ts';
import { parseIstioOption } from './option-values.ts';

/** What to read, and what else is to be known of the gateway that it is for. */
export interface PathFlags {
  readonly file: readonly string[];
  readonly recursive: boolean;
  readonly istio: Partial<IstioOptions>;
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

/** `--istio NAME=VALUE`; `formatIstioHelp` has the names. */
export function istioOption(): Option {
  return new Option('--istio <name=value>', "say what Istio's gateway would know, as listed below; may be repeated")
    .argParser(parseIstioOption)
    .default({}, 'docs/dialects/istio.md');
}

/** The table of Istio's settings below the options. */
export function formatIstioHelp(): string {
  const rows = ISTIO_SETTINGS.map(({ name, description, byDefault }) => {
    return `  ${name.padEnd(42)}${description}${byDefault === '' ? '' : ` (${byDefault})`}`;
  });
  return `\nIstio (name, what it is, default):\n${rows.join('\n')}`;
}

/** Declares the options that say what to read. */
export function addPathOptions(command: Command): Command {
  return command
    .addOption(pathOption().makeOptionMandatory())
    .addOption(recursiveOption())
    .addOption(istioOption())
    .addHelpText('after', formatIstioHelp);
}
