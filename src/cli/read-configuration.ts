import { text } from 'node:stream/consumers';
import { createControl, type Outcome, type Source } from '../control/control.ts';
import type { TranslateOptions } from '../control/translate.ts';
import { createFileSource } from '../sources/file/file.ts';

/** Reads and translates files once, as a gateway does at its start. The path `-` is standard input, as with kubectl. */
export async function readConfiguration(
  paths: readonly string[],
  recursive: boolean,
  translation: TranslateOptions = {},
): Promise<Outcome> {
  const files = paths.filter((path) => path !== '-');
  const sources: Source[] = files.length === 0 ? [] : [createFileSource(files, { recursive })];
  if (files.length < paths.length) sources.push(STANDARD_INPUT);
  const control = createControl({ sources, now: Date.now, onPublish: () => {}, onOutcome: () => {}, translation });
  return control.reload();
}

const STANDARD_INPUT: Source = {
  read: async () => ({ texts: [{ source: 'stdin', text: await text(process.stdin) }], diagnostics: [] }),
};
