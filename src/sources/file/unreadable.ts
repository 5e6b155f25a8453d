import type { Diagnostic, Severity } from '../../diagnostics/diagnostic.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EACCES: 'permission to read this is missing',
  EPERM: 'permission to read this is missing',
  ELOOP: 'this symbolic link leads back to itself',
  EMFILE: 'this process has too many files open',
  ENAMETOOLONG: 'this path is too long',
};

/** An `unreadable-source` diagnostic about a whole file or folder; `reason` is a sentence or what a system call threw. */
export function unreadable(path: string, reason: unknown, help = '', severity: Severity = 'error'): Diagnostic {
  return {
    code: 'unreadable-source',
    severity,
    message: typeof reason === 'string' ? reason : describe(reason),
    help,
    location: { source: path, line: 1, column: 1, endColumn: 1 },
  };
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? `this can't be read (${code === '' ? String(error) : code})`;
}
