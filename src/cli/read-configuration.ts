import { text } from 'node:stream/consumers';
import { type ControlOptions, createControl, type Outcome, type Source } from '../control/control.ts';
import { findUnserved } from '../gateway/unserved.ts';
import { createFileSource } from '../sources/file/file.ts';

export interface Configuration extends Outcome {
  /** Texts of the key rings that the files hold, by name. They are secret. */
  readonly keyRings: ReadonlyMap<string, string>;
}

/**
 * Reads and translates files once, as a gateway does at its start. `remarksOn` is for who serves them: the embedded
 * gateway unless another is meant. The path `-` is standard input, as with kubectl.
 */
export async function readConfiguration(
  paths: readonly string[],
  recursive: boolean,
  options: Pick<ControlOptions, 'translation' | 'remarksOn'> = {},
): Promise<Configuration> {
  const files = paths.filter((path) => path !== '-');
  const sources: Source[] = files.length === 0 ? [] : [createFileSource(files, { recursive })];
  if (files.length < paths.length) sources.push(STANDARD_INPUT);
  let keyRings: Configuration['keyRings'] = new Map();
  const control = createControl({
    sources,
    now: Date.now,
    remarksOn: findUnserved,
    onPublish: (_snapshot, rings) => {
      keyRings = rings;
    },
    onOutcome: () => {},
    ...options,
  });
  return { ...(await control.reload()), keyRings };
}

const STANDARD_INPUT: Source = {
  read: async () => ({ texts: [{ source: 'stdin', text: await text(process.stdin) }], diagnostics: [] }),
};
