import { appendFileSync } from 'node:fs';
import process from 'node:process';

/*
 * Loaded by the gateway's processes before everything else (`--import`, with --expose-gc): at SIGWINCH, which means nothing
 * to them, the process collects its garbage and appends what is left to the file that the environment names. Resident
 * memory alone can't tell a leak from a heap that V8 lets grow because it may.
 */
const { SOAK_HEAP_FILE: file } = process.env;
if (file !== undefined) {
  process.on('SIGWINCH', () => {
    // Twice, because what finalizers let go of the first time is free only the second time.
    globalThis.gc?.();
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    appendFileSync(file, `${JSON.stringify({ pid: process.pid, bytes: heapUsed + external })}\n`);
  });
}
