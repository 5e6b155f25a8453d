import { isDeepStrictEqual } from 'node:util';
import type { ScriptedResult } from './scripted-exchange.ts';
import type { Tally } from './tally.ts';

/**
 * Compares Set-Cookie lines (or another session header) with the recorded ones. Two of Envoy's ways are not followed,
 * by rule: a session is not set to a host that could not be reached (docs/decisions/010), and retries do not repeat a
 * Set-Cookie line (docs/decisions/011). Where the recording shows just that difference, the check counts as bettered.
 */
export function checkResponseHeader(
  name: string,
  expected: readonly string[],
  result: ScriptedResult,
  tally: Tally,
): void {
  const actual = result.response.values(name);
  if (isDeepStrictEqual(actual, expected)) {
    tally.check(name, actual, expected);
  } else if (isSessionToUnreachable(name, actual, expected, result) || isRepeatedPerTry(actual, expected, result)) {
    tally.better();
  } else {
    tally.fail(name, `got ${JSON.stringify(actual)}, recorded ${JSON.stringify(expected)}`);
  }
}

/** Nobody answered, and Envoy told the client just what we would have, had the host that refused the connection answered. */
function isSessionToUnreachable(
  name: string,
  actual: readonly string[],
  expected: readonly string[],
  result: ScriptedResult,
): boolean {
  const wouldBe = result.editsHadItAnswered.filter((edit) => edit.name === name).map((edit) => edit.value);
  return result.flags.includes('UF') && actual.length === 0 && isDeepStrictEqual(wouldBe, expected);
}

/** Every line that we send once came once for each try. */
function isRepeatedPerTry(actual: readonly string[], expected: readonly string[], result: ScriptedResult): boolean {
  const tries = result.attempts.length;
  if (tries < 2) return false;
  const generated = result.edits.filter((edit) => edit.name === 'set-cookie').map((edit) => edit.value);
  const own = actual.slice(0, actual.length - generated.length);
  const repeated = [...own, ...Array.from({ length: tries }, () => generated).flat()];
  return generated.length > 0 && isDeepStrictEqual([...repeated].sort(), [...expected].sort());
}
