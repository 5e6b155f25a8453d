import { basename } from 'node:path';
import { judgeCase } from '../istio/judge-case.ts';
import { judgeVerdicts, type RecordedVerdicts } from '../istio/judge-verdicts.ts';
import { readCase } from '../istio/recorded-case.ts';
import { Tally } from './tally.ts';

function isVerdicts(expected: object): expected is RecordedVerdicts {
  return 'documents' in expected;
}

/** Judges a folder that has a configuration (input.yaml) beside what another system made of it (expected.json). */
export function replayCaseFolder(folder: string): Tally {
  const tally = new Tally();
  try {
    const recorded = readCase(folder, basename(folder));
    const { name, input, expected } = recorded;
    if (isVerdicts(expected)) judgeVerdicts(name, input, expected, tally);
    else judgeCase(recorded, tally);
  } catch (error) {
    tally.fail('folder', error instanceof Error ? error.message : String(error));
  }
  return tally;
}
