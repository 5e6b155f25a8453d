import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import {
  formatKeyEntries,
  type KeyEntry,
  KeyRingTextError,
  parseKeyEntries,
} from '../../affinity/token/key-ring-text.ts';
import { SECRET_BYTES } from '../../affinity/token/session-key.ts';

/** A file of session keys that can't be read or written; the message is for the user and quotes no key. */
export class KeyFileProblem extends Error {}

/** A few hundred bytes a key: what is larger is no key file. */
const MAX_BYTES = 65_536;

export function createKeyEntry(sealsFromSeconds: number): KeyEntry {
  return { secret: randomBytes(SECRET_BYTES), sealsFromSeconds };
}

/** The text of a key file that has been found good. Throws KeyFileProblem. */
export function readKeyFile(path: string): string {
  const text = readText(path);
  try {
    parseKeyEntries(text);
  } catch (error) {
    if (!(error instanceof KeyRingTextError)) throw error;
    throw new KeyFileProblem(`the key file ${path} is no key file: ${error.message}`);
  }
  return text;
}

/** Whether users who are neither its owner nor of its group may read it. False where it can't be looked at. */
export function isReadableByAll(path: string): boolean {
  try {
    return (statSync(path).mode & 0o004) !== 0;
  } catch {
    return false;
  }
}

/**
 * Replaces the file as one, so that a process that reads it meanwhile sees the old keys or the new. It stays readable for
 * those who could read it before.
 */
export function replaceKeyFile(path: string, entries: readonly KeyEntry[]): void {
  const target = targetOf(path);
  const draft = writeDraft(target, entries);
  try {
    const { mode, uid, gid } = statSync(target);
    chmodSync(draft, mode & 0o777);
    if (uid !== statSync(draft).uid || gid !== statSync(draft).gid) chownSync(draft, uid, gid);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw problemOf('written', path, error);
  }
}

/** Makes the file, readable for its owner alone; false if there is one already, also one that another process made at this moment. */
export function makeKeyFile(path: string, entries: readonly KeyEntry[]): boolean {
  const draft = writeDraft(path, entries);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw problemOf('written', path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** What a symbolic link leads to, so that it stays one. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw problemOf('read', path, error);
  }
}

function writeDraft(path: string, entries: readonly KeyEntry[]): string {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, formatKeyEntries(entries), { mode: 0o600, flag: 'wx' });
    return draft;
  } catch (error) {
    throw problemOf('written', path, error);
  }
}

function readText(path: string): string {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new KeyFileProblem(`${path} is no file`);
    if (stats.size > MAX_BYTES) throw new KeyFileProblem(`${path} is larger than a key file can be`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw error instanceof KeyFileProblem ? error : problemOf('read', path, error);
  }
}

function problemOf(what: 'read' | 'written', path: string, error: unknown): KeyFileProblem {
  const why = isCode(error, 'ENOENT') ? 'there is none' : String((error as NodeJS.ErrnoException).code ?? error);
  return new KeyFileProblem(`the key file ${path} can't be ${what}: ${why}`);
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === code;
}
