import { setTimeout as delay } from 'node:timers/promises';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { type FoundFiles, findFiles } from './find-files.ts';
import { readText } from './read-text.ts';
import { watchPaths } from './watch-paths.ts';

export interface FileSourceOptions {
  /** Directories inside a directory are read too. */
  readonly recursive?: boolean;
  /** A larger file is reported and not read. */
  readonly maxFileBytes?: number;
  /** So are the files that come after this many bytes. */
  readonly maxTotalBytes?: number;
}

export interface FileContent {
  readonly texts: readonly { readonly source: string; readonly text: string }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Configuration in files and directories. */
export interface FileSource {
  /** The texts of one moment. What can't be read is a diagnostic; never rejects. */
  read(): Promise<FileContent>;
  /** Calls `onChange` when reading would give other texts than the last `read`; several changes at once are one call. */
  watch(onChange: () => void): AsyncDisposable;
}

const MEBIBYTE = 1_048_576;
/** A file that changed so recently may still be in the hands of a program that empties it first and then writes it. */
const SETTLE_MILLIS = 50;
/** Files that do not come to rest are read as they are after this time. */
const MAX_SETTLE_MILLIS = 400;

export function createFileSource(paths: readonly string[], options: FileSourceOptions = {}): FileSource {
  const { recursive = false, maxFileBytes = 16 * MEBIBYTE, maxTotalBytes = 256 * MEBIBYTE } = options;
  let lastRead = '';
  let lastReported = '';

  async function read(): Promise<FileContent> {
    const deadline = performance.now() + MAX_SETTLE_MILLIS;
    for (;;) {
      const found = await findFiles(paths, recursive);
      const mayWait = performance.now() < deadline;
      if (mayWait && isUnsettled(found)) {
        await delay(SETTLE_MILLIS);
        continue;
      }
      const content = await readAll(found, maxFileBytes, maxTotalBytes);
      // The swap of a ConfigMap between two of its files would give a mixture that never existed.
      if (mayWait && (await findFiles(paths, recursive)).fingerprint !== found.fingerprint) continue;
      lastRead = found.fingerprint;
      lastReported = '';
      return content;
    }
  }

  async function checkForChange(onChange: () => void): Promise<void> {
    const { fingerprint } = await findFiles(paths, recursive);
    if (fingerprint === lastRead || fingerprint === lastReported) return;
    lastReported = fingerprint;
    onChange();
  }

  return {
    read,
    watch: (onChange) => watchPaths(paths, recursive, () => checkForChange(onChange)),
  };
}

/** By the system's clock; a time in the future says nothing. */
function isUnsettled(found: FoundFiles): boolean {
  const now = Date.now();
  return found.files.some((file) => file.modifiedAt <= now && now - file.modifiedAt < SETTLE_MILLIS);
}

async function readAll(found: FoundFiles, maxFileBytes: number, maxTotalBytes: number): Promise<FileContent> {
  const texts: { source: string; text: string }[] = [];
  const diagnostics = [...found.diagnostics];
  // One after the other: thousands of files at once would exhaust the process's file descriptors.
  let remaining = maxTotalBytes;
  for (const file of found.files) {
    const text = await readText(file.source, file.realPath, Math.min(maxFileBytes, remaining));
    if (typeof text === 'string') {
      texts.push({ source: file.source, text });
      remaining -= Buffer.byteLength(text);
    } else {
      diagnostics.push(text);
    }
  }
  return { texts, diagnostics };
}
