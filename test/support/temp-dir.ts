import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** A folder of its own for one test; `using` removes it with all that is in it. */
export interface TempDir extends Disposable {
  readonly path: string;
  /** Writes a file below the folder, making the folders between, and returns its path. */
  write(name: string, content: string): string;
  remove(): void;
}

// A test that is ended by a signal disposes of nothing.
const live = new Set<string>();
process.once('exit', () => {
  for (const path of live) rmSync(path, { recursive: true, force: true });
});

export function createTempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'limpet-'));
  live.add(path);
  const remove = (): void => {
    rmSync(path, { recursive: true, force: true });
    live.delete(path);
  };
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove,
    [Symbol.dispose]: remove,
  };
}
