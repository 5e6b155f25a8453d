import { isDeepStrictEqual } from 'node:util';

/** Mismatches of one file that are printed; the rest is only counted. */
const SHOWN = 5;

/** What came of replaying one file, in single checks: a pick, a digest, a compared field each count one. */
export class Tally {
  passed = 0;
  failed = 0;
  bettered = 0;
  cases = 0;
  failedCases = 0;
  /** The first mismatches. */
  readonly mismatches: string[] = [];
  #case = '';

  /** Runs the checks of one case; a case that cannot be understood is a failure. */
  case(name: string, run: () => void): void {
    this.#case = name;
    this.cases++;
    const failedBefore = this.failed;
    try {
      run();
    } catch (error) {
      this.fail('replay', error instanceof Error ? error.message : String(error));
    }
    if (this.failed > failedBefore) this.failedCases++;
  }

  check(what: string, actual: unknown, expected: unknown): void {
    if (isDeepStrictEqual(actual, expected)) this.passed++;
    else this.fail(what, `got ${show(actual)}, recorded ${show(expected)}`);
  }

  fail(what: string, message: string): void {
    this.failed++;
    if (this.mismatches.length < SHOWN)
      this.mismatches.push([this.#case, what, message].filter((text) => text !== '').join(': '));
  }

  /** Counts a place where Limpet does better than Envoy by one of its decisions (docs/decisions). */
  better(): void {
    this.bettered++;
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
