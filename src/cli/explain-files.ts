import { randomFillSync } from 'node:crypto';
import { NO_LEDGER } from '../affinity/session-ledger.ts';
import { NO_MOVES } from '../affinity/strong/session-moves.ts';
import { formatKeyEntries, parseKeyRing } from '../affinity/token/key-ring-text.ts';
import { SessionTokens } from '../affinity/token/session-tokens.ts';
import type { SessionKeyOptions } from '../control/session-keys.ts';
import { renderDiagnostic } from '../diagnostics/render.ts';
import { explainRequest } from '../gateway/explain.ts';
import { RuntimeCompiler } from '../gateway/runtime.ts';
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import { createKeyEntry, KeyFileProblem, readKeyFile } from '../sources/session-keys/key-file.ts';
import { CommandFailure } from './command-failure.ts';
import type { PathFlags } from './common-options.ts';
import { printRemark } from './output.ts';
import { readConfiguration } from './read-configuration.ts';

/** As a gateway would decide that has just been started with these files; what is wrong with them goes to standard error. */
export async function explainFiles(
  { file, recursive, istio }: PathFlags,
  request: ExplainRequest,
  sessionKeys: SessionKeyOptions,
): Promise<Explanation> {
  const { snapshot, diagnostics, content, keyRings } = await readConfiguration(file, recursive, {
    translation: { istio },
  });
  const texts = new Map(content.texts.map(({ source, text }) => [source, text]));
  for (const diagnostic of diagnostics) {
    if (diagnostic.severity !== 'error') continue;
    printRemark(renderDiagnostic(diagnostic, texts.get(diagnostic.location.source)));
  }
  if (snapshot === null) throw new CommandFailure(1, 'nothing can be served from these files');
  const sessionTokens = new SessionTokens(randomFillSync);
  for (const [name, text] of [...readKeys(sessionKeys), ...keyRings])
    sessionTokens.keyRings.get(name).replace(parseKeyRing(text));
  const runtime = new RuntimeCompiler(Math.random, sessionTokens).compile(snapshot, null);
  return explainRequest(runtime, request, {
    random: Math.random,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    ledger: NO_LEDGER,
    moves: NO_MOVES,
  });
}

/** A gateway would make its default file; here keys for this once do, under which no token is older. */
function readKeys({ path, isDefault }: SessionKeyOptions): ReadonlyMap<string, string> {
  try {
    return new Map([['', readKeyFile(path)]]);
  } catch (error) {
    if (!(error instanceof KeyFileProblem)) throw error;
    if (isDefault) return new Map([['', formatKeyEntries([createKeyEntry(0)])]]);
    throw new CommandFailure(1, error.message, { cause: error });
  }
}
