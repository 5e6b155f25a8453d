import { type FileHandle, open } from 'node:fs/promises';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { unreadable } from './unreadable.ts';

const CHUNK_BYTES = 65_536;

/** The text of a file, or the diagnostic that says why there is none. Never holds more than `maxBytes` of it in memory. */
export async function readText(source: string, path: string, maxBytes: number): Promise<string | Diagnostic> {
  try {
    await using file = await open(path, 'r');
    const bytes = await readBounded(file, maxBytes);
    if (bytes === null) {
      return unreadable(
        source,
        `this file is larger than ${maxBytes} bytes`,
        'Split it; each file is read up to that size.',
      );
    }
    return decodeUtf8(bytes) ?? unreadable(source, 'this file is not UTF-8 text', 'Save it as UTF-8.');
  } catch (error) {
    return unreadable(source, error);
  }
}

/** null: there is more. The size that stat gave is no bound, because the file may be growing. */
async function readBounded(file: FileHandle, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return Buffer.concat(chunks, total);
    total += bytesRead;
    if (total > maxBytes) return null;
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** A byte order mark is dropped. */
function decodeUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
