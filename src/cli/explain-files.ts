import { renderDiagnostic } from '../diagnostics/render.ts';
import { explainRequest } from '../gateway/explain.ts';
import { RuntimeCompiler } from '../gateway/runtime.ts';
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import { CommandFailure } from './command-failure.ts';
import type { PathFlags } from './common-options.ts';
import { printRemark } from './output.ts';
import { readConfiguration } from './read-configuration.ts';

/** As a gateway would decide that has just been started with these files; what is wrong with them goes to standard error. */
export async function explainFiles(
  { file, recursive, istio }: PathFlags,
  request: ExplainRequest,
): Promise<Explanation> {
  const { snapshot, diagnostics, content } = await readConfiguration(file, recursive, { translation: { istio } });
  const texts = new Map(content.texts.map(({ source, text }) => [source, text]));
  for (const diagnostic of diagnostics) {
    if (diagnostic.severity !== 'error') continue;
    printRemark(renderDiagnostic(diagnostic, texts.get(diagnostic.location.source)));
  }
  if (snapshot === null) throw new CommandFailure(1, 'nothing can be served from these files');
  const runtime = new RuntimeCompiler(Math.random).compile(snapshot, null);
  return explainRequest(runtime, request, { random: Math.random, nowSeconds: () => Math.floor(Date.now() / 1000) });
}
