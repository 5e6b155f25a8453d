import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { CommandFailure } from './command-failure.ts';

/** A file that names this process as long as it is the one to signal. */
export class PidFile implements Disposable {
  readonly #path: string | null;

  /** null: there is none. Whoever reads it meanwhile sees the old content or the new, never a part. */
  constructor(path: string | null) {
    this.#path = path;
    if (path === null) return;
    const draft = `${path}.${process.pid}`;
    try {
      writeFileSync(draft, `${process.pid}\n`);
      renameSync(draft, path);
    } catch (error) {
      throw new CommandFailure(1, `the file ${path} can't be written`, { cause: error });
    }
  }

  /** A process that has taken over has written its own id there, which stays. */
  [Symbol.dispose](): void {
    if (this.#path === null) return;
    try {
      if (readFileSync(this.#path, 'utf8') === `${process.pid}\n`) rmSync(this.#path);
    } catch {
      // Somebody else has removed it.
    }
  }
}
