import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isCaseFolder } from '../istio/recorded-case.ts';
import { replayCaseFolder } from './case-folder.ts';
import { replayText } from './replay-file.ts';
import { Tally } from './tally.ts';

/*
 * node test/conformance/replay/replay.ts FILE|DIR...
 *
 * Replays recordings of Envoy through the code that serves traffic, and compares what configurations are converted to
 * with what Istio's control plane made of them (folders with input.yaml beside expected.json). Prints the result of each file with its first
 * mismatches, then `replayed: N passed, N failed, N bettered` in single checks. Exit 1: something failed, 2: no arguments.
 */

function main(paths: readonly string[]): number {
  if (paths.length === 0) {
    process.stderr.write('usage: npm run replay -- FILE|DIR...\n');
    return 2;
  }
  const total = { passed: 0, failed: 0, bettered: 0 };
  for (const file of paths.flatMap(listFiles)) {
    const tally = replay(file);
    print(file, tally);
    total.passed += tally.passed;
    total.failed += tally.failed;
    total.bettered += tally.bettered;
  }
  process.stdout.write(`replayed: ${total.passed} passed, ${total.failed} failed, ${total.bettered} bettered\n`);
  return total.failed === 0 ? 0 : 1;
}

function replay(path: string): Tally {
  if (isCaseFolder(path)) return replayCaseFolder(path);
  return isRecording(path) ? replayText(readFileSync(path, 'utf8')) : notReplayable();
}

/** A recording is one JSON file. A folder stands here only if nothing in it can be replayed. */
function isRecording(path: string): boolean {
  return path.endsWith('.json') && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function notReplayable(): Tally {
  const tally = new Tally();
  tally.fail('file', 'no replayable file');
  return tally;
}

/** A file itself, or all recordings below a folder in the order of their names; a folder without any stands for itself. */
function listFiles(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  // A configuration with what came of it; its other files are parts of the case.
  if (isCaseFolder(path)) return [path];
  const files = entries.flatMap((entry) => {
    if (entry.isDirectory()) return listFiles(join(path, entry.name));
    return isListed(entry.name) ? [join(path, entry.name)] : [];
  });
  return files.length === 0 ? [path] : files;
}

/** All JSON files but the list of the cases beside it. */
function isListed(name: string): boolean {
  return name.endsWith('.json') && name !== 'index.json';
}

function print(file: string, tally: Tally): void {
  const { cases, failedCases, passed, failed, bettered } = tally;
  process.stdout.write(
    `${file}: ${cases - failedCases} of ${cases} cases; ${passed} passed, ${failed} failed, ${bettered} bettered\n`,
  );
  for (const mismatch of tally.mismatches) process.stdout.write(`  ${mismatch}\n`);
  if (tally.mismatches.length < failed) process.stdout.write(`  and ${failed - tally.mismatches.length} more\n`);
}

process.exitCode = main(process.argv.slice(2));
