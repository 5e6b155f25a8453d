import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { LabProblem } from './lab-problem.ts';

/** Where the lab that runs can be reached. The token keeps other users of the machine out. */
export interface LabAddress {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
}

/** The lab that runs here according to its state file; null: none does. A file that a dead lab left counts as none. */
export async function readStateFile(
  path: string,
  isAlive: (address: LabAddress) => Promise<boolean>,
): Promise<LabAddress | null> {
  const address = decodeAddress(await readFile(path, 'utf8').catch(() => ''));
  return address !== null && (await isAlive(address)) ? address : null;
}

/** Makes this the lab that runs here; throws a LabProblem when there is one. Ends with the file's removal. */
export async function claimStateFile(
  path: string,
  own: LabAddress,
  isAlive: (address: LabAddress) => Promise<boolean>,
): Promise<AsyncDisposable> {
  const temporary = `${path}.${own.pid}`;
  await writeFile(temporary, `${JSON.stringify(own)}\n`, { mode: 0o600 });
  try {
    // A link is made at once, complete and only if there is no such file: of two labs that start together one wins.
    for (let attempt = 0; ; attempt++) {
      const claimed = await link(temporary, path).then(
        () => true,
        () => false,
      );
      if (claimed) break;
      const other = await readStateFile(path, isAlive);
      if (other !== null || attempt === 2) throw alreadyRunning(other);
      await rm(path, { force: true });
    }
  } finally {
    await rm(temporary, { force: true });
  }
  return {
    async [Symbol.asyncDispose]() {
      const current = decodeAddress(await readFile(path, 'utf8').catch(() => ''));
      if (current?.token === own.token) await rm(path, { force: true });
    },
  };
}

function alreadyRunning(other: LabAddress | null): LabProblem {
  const who = other === null ? '' : ` (process ${other.pid})`;
  return new LabProblem(`a lab is already running${who}; end it with Ctrl-C, or set LIMPET_STATE_DIR for a second one`);
}

function decodeAddress(text: string): LabAddress | null {
  try {
    const { pid, port, token } = JSON.parse(text) as Record<string, unknown>;
    return typeof pid === 'number' && typeof port === 'number' && typeof token === 'string'
      ? { pid, port, token }
      : null;
  } catch {
    return null;
  }
}
