import type { Command } from 'commander';
import type { Diagnostic, Severity } from '../diagnostics/diagnostic.ts';
import { renderDiagnostic } from '../diagnostics/render.ts';
import { compareDiagnostics } from '../diagnostics/sink.ts';
import { servedPart } from '../gateway/unserved.ts';
import { plainHttpProxy } from '../model/listener.ts';
import type { Model } from '../model/model.ts';
import { CommandFailure } from './command-failure.ts';
import { addPathOptions, type OutputFlags, outputOption, type PathFlags } from './common-options.ts';
import { count, print, printJson } from './output.ts';
import { readConfiguration } from './read-configuration.ts';

/** `limpet check`: everything there is to say about the files, and what would be served. */
export function addCheckCommand(program: Command): void {
  addPathOptions(program.command('check'))
    .description('print every mistake and remark with file, line and column; exit 1 on an error')
    .addOption(outputOption())
    .action(check);
}

async function check(flags: PathFlags & OutputFlags): Promise<void> {
  const translation = { istio: flags.istio };
  const read = await readConfiguration(flags.file, flags.recursive, { translation });
  const { snapshot, diagnostics: unsorted, content } = read;
  const diagnostics = unsorted.toSorted(compareDiagnostics);
  const totals = countBySeverity(diagnostics);
  const served = snapshot === null ? 'nothing' : summarize(snapshot.model);
  if (flags.output === 'json') {
    printJson({ files: content.texts.map((text) => text.source), ...totals, served, diagnostics });
  } else {
    const texts = new Map(content.texts.map(({ source, text }) => [source, text]));
    for (const diagnostic of diagnostics) print(renderDiagnostic(diagnostic, texts.get(diagnostic.location.source)));
    const { errors, warnings, notes } = totals;
    const found = `${count(errors, 'error')}, ${count(warnings, 'warning')}, ${count(notes, 'note')}`;
    print(`${count(content.texts.length, 'file')}: ${found}; would serve ${served}`);
  }
  if (totals.errors > 0) throw new CommandFailure(1, '');
}

function countBySeverity(diagnostics: readonly Diagnostic[]): { errors: number; warnings: number; notes: number } {
  const of = (severity: Severity): number =>
    diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  return { errors: of('error'), warnings: of('warning'), notes: of('note') };
}

/** `1 listener, 2 routes, 1 cluster, 3 endpoints`: of the model what the embedded gateway serves. */
export function summarize(model: Model): string {
  const proxies = model.listeners.map(plainHttpProxy).filter((proxy) => proxy !== null);
  const hosts = proxies.flatMap(({ virtualHosts }) => virtualHosts);
  const routes = hosts.reduce((sum, host) => sum + host.routes.length, 0);
  const groups = model.clusters.map(servedPart).flatMap((cluster) => cluster.groups);
  const endpoints = groups.reduce((sum, group) => sum + group.endpoints.length, 0);
  return [
    count(proxies.length, 'listener'),
    count(routes, 'route'),
    count(model.clusters.length, 'cluster'),
    count(endpoints, 'endpoint'),
  ].join(', ');
}
