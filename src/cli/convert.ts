import { type Command, Option } from 'commander';
import { type Diagnostic, hasErrors } from '../diagnostics/diagnostic.ts';
import { renderDiagnostic } from '../diagnostics/render.ts';
import { compareDiagnostics, DiagnosticSink } from '../diagnostics/sink.ts';
import type { Model } from '../model/model.ts';
import { toBootstrap } from '../xds/bootstrap.ts';
import { toXds } from '../xds/xds.ts';
import { CommandFailure } from './command-failure.ts';
import { addPathOptions, type PathFlags } from './common-options.ts';
import { parseBindAddress, parsePort, parsePortMapping } from './option-values.ts';
import { printJson, printRemark } from './output.ts';
import { readConfiguration } from './read-configuration.ts';

const TARGETS = ['envoy', 'model'] as const;

interface ConvertFlags extends PathFlags {
  readonly to: (typeof TARGETS)[number];
  readonly bootstrap: boolean;
  readonly allClusters: boolean;
  readonly port: ReadonlyMap<number, number>;
  readonly bind?: string;
  readonly adminPort: number;
  readonly secrets?: string;
}

/** `limpet convert`: the same configuration in another form, on standard output as JSON. */
export function addConvertCommand(program: Command): void {
  addPathOptions(program.command('convert'))
    .description('print the same configuration in another form; what it has no words for goes to standard error')
    .addOption(new Option('-t, --to <form>', 'what to print').choices(TARGETS).makeOptionMandatory())
    .option('--all-clusters', 'clusters that no route uses too, as Istio makes them for a gateway', false)
    .option(
      '--bootstrap',
      'one file that an Envoy runs by itself, instead of the resources of its discovery services',
      false,
    )
    .addOption(
      new Option('-p, --port <yaml=bound>', "with --bootstrap: bind the YAML's port as another one; may be repeated")
        .argParser(parsePortMapping)
        .default(new Map(), "the YAML's ports"),
    )
    .addOption(
      new Option('--bind <address>', "with --bootstrap: address to listen on (default: the YAML's)").argParser(
        parseBindAddress,
      ),
    )
    .addOption(
      new Option('--admin-port <port>', "with --bootstrap: loopback port of Envoy's admin API; 0: a free one")
        .argParser(parsePort)
        .default(0),
    )
    .option('--secrets <folder>', 'with --bootstrap: holds NAMESPACE/NAME/tls.crt, tls.key and ca.crt of Secrets')
    .action(convert);
}

async function convert(flags: ConvertFlags): Promise<void> {
  const translation = { istio: flags.allClusters ? { ...flags.istio, allClusters: true } : flags.istio };
  // It is not the embedded gateway that serves what comes out.
  const options = { translation, remarksOn: () => [] };
  const { snapshot, diagnostics, content } = await readConfiguration(flags.file, flags.recursive, options);
  const sink = new DiagnosticSink();
  if (snapshot !== null) printJson(toForm(snapshot.model, flags, sink));
  const texts = new Map(content.texts.map(({ source, text }) => [source, text]));
  const all = [...diagnostics, ...sink.sorted()].toSorted(compareDiagnostics);
  for (const diagnostic of all.filter(isWorthTelling)) {
    printRemark(renderDiagnostic(diagnostic, texts.get(diagnostic.location.source)));
  }
  if (hasErrors(all)) throw new CommandFailure(1, '');
}

function toForm(model: Model, flags: ConvertFlags, sink: DiagnosticSink): unknown {
  if (flags.to === 'model') return model;
  if (!flags.bootstrap) return toXds(model, sink);
  const { port: ports, bind = null, adminPort, secrets: secretsFolder = null } = flags;
  return toBootstrap(model, { ports, bind, adminPort, secretsFolder }, sink);
}

/** Notes are about what a gateway does with the files; `check` prints them. */
function isWorthTelling({ severity }: Diagnostic): boolean {
  return severity !== 'note';
}
