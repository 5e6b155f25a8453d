import { type Command, Option } from 'commander';
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import { requestExplanation } from './admin-client.ts';
import { CommandFailure } from './command-failure.ts';
import {
  formatIstioHelp,
  istioOption,
  type OutputFlags,
  outputOption,
  type PathFlags,
  pathOption,
  recursiveOption,
} from './common-options.ts';
import { explainFiles } from './explain-files.ts';
import { formatExplanation } from './format-explanation.ts';
import {
  type HeaderPair,
  type HostAndPort,
  parseHeader,
  parseHostAndPort,
  parseHttpUrl,
  parseIpAddress,
  parseMethod,
} from './option-values.ts';
import { print, printJson } from './output.ts';
import { sessionKeysOf } from './state-folder.ts';

interface ExplainFlags extends Omit<PathFlags, 'file'>, OutputFlags {
  readonly file?: readonly string[];
  readonly admin?: HostAndPort;
  readonly request: string;
  readonly header: readonly HeaderPair[];
  readonly sourceIp?: string;
  readonly sessionKeys?: string;
}

/** `limpet explain`: why a request goes to its pod, from files or as a running gateway would decide now. */
export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('say why a request goes to its pod, step by step, with the line of the YAML behind each')
    .argument('[url]', 'what the client asks for, such as http://shop.example/cart')
    .addOption(pathOption())
    .addOption(recursiveOption())
    .addOption(istioOption())
    .addOption(new Option('--admin <address>', 'ask the gateway that runs there instead').argParser(parseHostAndPort))
    .addOption(new Option('-X, --request <method>', 'method').argParser(parseMethod).default('GET'))
    .addOption(
      new Option('-H, --header <line>', "a header, such as 'cookie: a=1'; may be repeated")
        .argParser(parseHeader)
        .default([], 'none'),
    )
    .addOption(new Option('--source-ip <address>', "the client's address").argParser(parseIpAddress))
    .option('--session-keys <file>', 'with -f: the keys of session tokens (default: those in the state folder)')
    .addOption(outputOption())
    .addHelpText('after', formatIstioHelp)
    .action(explain);
}

async function explain(argument: string | undefined, flags: ExplainFlags, command: Command): Promise<void> {
  const { paths, url } = splitPathsAndUrl(flags.file ?? [], argument);
  if (url === null) command.error("error: missing required argument 'url'");
  if ((paths.length === 0) === (flags.admin === undefined)) command.error('error: give either -f PATH or --admin ADDR');
  if (flags.admin !== undefined && Object.keys(flags.istio).length > 0)
    command.error('error: --istio goes with -f; the gateway at --admin has settings of its own');
  const request: ExplainRequest = {
    method: flags.request,
    url: parseUrlArgument(url ?? '', command),
    headers: flags.header,
    sourceIp: flags.sourceIp ?? null,
  };
  const explanation: Explanation =
    flags.admin === undefined
      ? await explainFiles({ ...flags, file: paths }, request, sessionKeysOf(flags.sessionKeys))
      : await requestExplanation(flags.admin, request);
  if (flags.output === 'json') printJson(explanation);
  else print(formatExplanation(explanation));
  if (explanation.decision === null) throw new CommandFailure(1, '');
}

/** `-f` takes all words up to the next option, so in `-f a.yaml http://a/` the URL comes as its last. */
function splitPathsAndUrl(
  files: readonly string[],
  argument: string | undefined,
): { readonly paths: readonly string[]; readonly url: string | null } {
  if (argument !== undefined) return { paths: files, url: argument };
  const last = files.at(-1);
  return last?.includes('://') ? { paths: files.slice(0, -1), url: last } : { paths: files, url: null };
}

function parseUrlArgument(text: string, command: Command): string {
  try {
    return parseHttpUrl(text);
  } catch (error) {
    return command.error(`error: '${text}' is no URL. ${error instanceof Error ? error.message : ''}`);
  }
}
