import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../support/tools.ts';

/** One TypeScript file of the project. */
export interface SourceFile {
  /** From the checkout's root, with `/`: `src/affinity/ring-table.ts`. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** 1-based. */
  readonly line: number;
  /** As written: `node:fs`, `yaml`, `../model/route.ts`. */
  readonly specifier: string;
  /** The file's path from the root for a relative specifier, else null. */
  readonly target: string | null;
}

/** All TypeScript files below a folder of the checkout, in order of their paths; a missing folder has none. */
export function readSources(folder: string): SourceFile[] {
  let names: string[];
  try {
    names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules') && !name.includes('testdata'))
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

export function isTest(file: SourceFile): boolean {
  return file.path.endsWith('.test.ts');
}

// The formatter keeps statements in this form; `[^;'"]` spans the lines of a long list of names.
const IMPORT =
  /^\s*(?:import|export)\b[^;'"]*\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

/** Static imports, re-exports and dynamic imports of a file, types included. */
export function importsOf(file: SourceFile): Import[] {
  return [...file.text.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    const end = file.text.slice(0, match.index + match[0].length);
    return {
      line: end.split('\n').length,
      specifier,
      target: specifier.startsWith('.') ? posix.join(posix.dirname(file.path), specifier) : null,
    };
  });
}
