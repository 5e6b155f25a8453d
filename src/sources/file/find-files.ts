import type { BigIntStats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { unreadable } from './unreadable.ts';

/** A file to read, with what tells one state of it from another. */
export interface FoundFile {
  /** The path as the user would write it; diagnostics print it. */
  readonly source: string;
  readonly realPath: string;
  readonly modifiedAt: number;
}

export interface FoundFiles {
  readonly files: readonly FoundFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** Equal fingerprints mean that reading again would give the same texts. */
  readonly fingerprint: string;
}

const MAX_FILES = 10_000;
const MAX_DEPTH = 32;
const MANIFEST = /\.(?:yaml|yml|json)$/;

/**
 * The manifests that the paths name: a file whatever its name, of a directory its `*.yaml`, `*.yml` and `*.json` in the
 * order of their names. As with kubectl, directories inside a directory count only if `recursive`. Hidden entries do
 * not count, and so a mounted ConfigMap or Secret is read once: its visible links are, `..data` and `..2024_*` behind
 * them are not. A file that is reached by two names is listed by the first.
 */
export async function findFiles(paths: readonly string[], recursive: boolean): Promise<FoundFiles> {
  const search = new Search(recursive);
  for (const path of paths) await search.visit(path, 0);
  return { files: search.files, diagnostics: search.diagnostics, fingerprint: search.marks.join('\n') };
}

class Search {
  readonly files: FoundFile[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly marks: string[] = [];
  readonly #seen = new Set<string>();
  readonly #recursive: boolean;
  #full = false;

  constructor(recursive: boolean) {
    this.#recursive = recursive;
  }

  async visit(path: string, depth: number): Promise<void> {
    try {
      const real = await realpath(path);
      const stats = await stat(real, { bigint: true });
      if (this.#seen.has(real)) return;
      this.#seen.add(real);
      if (stats.isDirectory()) await this.#visitDirectory(path, depth);
      else this.#visitFile(path, real, stats);
    } catch (error) {
      this.#refuse(path, error);
    }
  }

  async #visitDirectory(path: string, depth: number): Promise<void> {
    const filesBefore = this.files.length;
    this.marks.push(path);
    const entries = await readdir(path, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const child = join(path, entry.name);
      if (MANIFEST.test(entry.name)) await this.visit(child, depth + 1);
      else if (this.#recursive && (await isDirectory(child))) await this.#descend(child, depth + 1);
    }
    const holdsManifests = entries.some((entry) => MANIFEST.test(entry.name)) || this.files.length > filesBefore;
    if (depth === 0 && !holdsManifests) {
      const help = this.#recursive ? '' : 'Folders inside it are read with -R.';
      this.diagnostics.push(unreadable(path, 'no *.yaml, *.yml or *.json is in this folder', help, 'warning'));
    }
  }

  async #descend(path: string, depth: number): Promise<void> {
    if (depth <= MAX_DEPTH) return this.visit(path, depth);
    this.diagnostics.push(
      unreadable(path, `folders are nested more than ${MAX_DEPTH} deep`, 'Name the deeper one with -f.'),
    );
  }

  #visitFile(path: string, real: string, stats: BigIntStats): void {
    // Reading a pipe or a device may never end, and a second reading would not give the same.
    if (!stats.isFile()) this.#refuse(path, null);
    else if (this.files.length >= MAX_FILES) this.#refuseTheRest(path);
    else this.#list(path, real, stats);
  }

  #list(path: string, real: string, stats: BigIntStats): void {
    this.marks.push(`${path} ${real} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`);
    this.files.push({ source: path, realPath: real, modifiedAt: Number(stats.mtimeMs) });
  }

  #refuseTheRest(path: string): void {
    if (this.#full) return;
    this.#full = true;
    const help = 'This file and those after it are not read.';
    this.diagnostics.push(unreadable(path, `there are more than ${MAX_FILES} files`, help));
  }

  #refuse(path: string, error: unknown): void {
    const diagnostic =
      error === null ? unreadable(path, 'this is neither a file nor a folder') : unreadable(path, error);
    this.marks.push(`${path} ${diagnostic.message}`);
    this.diagnostics.push(diagnostic);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
