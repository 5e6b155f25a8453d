import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type KeyEntry, parseKeyEntries } from '../affinity/token/key-ring-text.ts';
import { toKeyId } from '../affinity/token/session-key.ts';
import {
  createKeyEntry,
  KeyFileProblem,
  makeKeyFile,
  readKeyFile,
  replaceKeyFile,
} from '../sources/session-keys/key-file.ts';
import { CommandFailure } from './command-failure.ts';
import type { OutputFlags } from './common-options.ts';
import { parseSecondsToMillis } from './option-values.ts';
import { count, print, printJson } from './output.ts';

interface KeygenFlags extends OutputFlags {
  readonly out: string;
  readonly rotate: boolean;
  readonly sealAfter: number;
  readonly keep: number;
}

/** `limpet token keygen`: makes a key file, or adds a key to one. Prints ids and times, never a key. */
export function addTokenKeygenCommand(token: Command): void {
  token
    .command('keygen')
    .description('make a file of session keys for run --session-keys or a Secret; --rotate adds a key to it')
    .requiredOption('-o, --out <file>', 'the file, readable for its owner alone')
    .option('--rotate', 'add a key that takes over, and keep the others for the tokens that are out', false)
    .addOption(
      new Option('--seal-after <seconds>', 'when a rotated key takes over: every gateway must have read it by then')
        .argParser(parseSecondsToMillis)
        .default(60_000, '60'),
    )
    .addOption(
      new Option('--keep <number>', 'keys that a rotation leaves, the oldest go first')
        .argParser(parseKeep)
        .default(8, '8'),
    )
    .addOption(new Option('--output <format>', 'what to print').choices(['text', 'json']).default('text'))
    .action(keygen);
}

function keygen(flags: KeygenFlags): void {
  const path = resolve(flags.out);
  const nowSeconds = Math.floor(Date.now() / 1000);
  try {
    const entries = flags.rotate ? rotate(path, flags, nowSeconds) : make(path, nowSeconds);
    if (flags.output === 'json') printJson({ file: path, keys: entries.map((entry) => describe(entry)) });
    else print(formatEntries(flags.out, entries, nowSeconds));
  } catch (error) {
    if (error instanceof KeyFileProblem) throw new CommandFailure(1, error.message, { cause: error });
    throw error;
  }
}

function make(path: string, nowSeconds: number): readonly KeyEntry[] {
  const entries = [createKeyEntry(nowSeconds)];
  if (makeKeyFile(path, entries)) return entries;
  throw new KeyFileProblem(`${path} is there already: --rotate adds a key to it`);
}

function rotate(path: string, { keep, sealAfter }: KeygenFlags, nowSeconds: number): readonly KeyEntry[] {
  const before = parseKeyEntries(readKeyFile(path)).toSorted((a, b) => a.sealsFromSeconds - b.sealsFromSeconds);
  const entries = [...before, createKeyEntry(nowSeconds + sealAfter / 1000)];
  // The one that seals until then must stay, whatever is to be kept.
  const kept = entries.slice(-Math.max(2, keep));
  replaceKeyFile(path, kept);
  return kept;
}

function formatEntries(path: string, entries: readonly KeyEntry[], nowSeconds: number): string {
  const { id, sealsFrom } = describe(entries.at(-1) as KeyEntry);
  const isLater = (entries.at(-1)?.sealsFromSeconds ?? 0) > nowSeconds;
  const older =
    entries.length === 1
      ? ''
      : `; ${count(entries.length - 1, 'older key')} still open${entries.length === 2 ? 's' : ''} tokens`;
  return `${path}: key ${id} seals ${isLater ? `from ${sealsFrom}` : 'from now on'}${older}`;
}

function describe({ secret, sealsFromSeconds }: KeyEntry): { readonly id: string; readonly sealsFrom: string } {
  return { id: toKeyId(secret), sealsFrom: new Date(sealsFromSeconds * 1000).toISOString() };
}

function parseKeep(text: string): number {
  const keep = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (keep < 2 || keep > 64) throw new InvalidArgumentError('Write a number from 2 to 64.');
  return keep;
}
