import { basename } from 'node:path';
import { judgeCase } from '../istio/judge-case.ts';
import { readCase } from '../istio/recorded-case.ts';
import { Tally } from './tally.ts';

/** Judges a folder that has a configuration (input.yaml) beside what another system made of it (expected.json). */
export function replayCaseFolder(folder: string): Tally {
  const tally = new Tally();
  try {
    judgeCase(readCase(folder, basename(folder)), tally);
  } catch (error) {
    tally.fail('folder', error instanceof Error ? error.message : String(error));
  }
  return tally;
}
