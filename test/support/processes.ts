import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MILLIS = 20;

/** Resolves when `check` holds; fails when it does not within `timeoutMillis`. For what announces itself by no event. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMillis = 15_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMillis;
  while (!(await check())) {
    assert.ok(performance.now() < deadline, `${what}: not within ${timeoutMillis} ms`);
    await delay(POLL_MILLIS);
  }
}

/** Whether the process runs; one that has ended and waits for its parent to notice does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch (error) {
    // No /proc, but a process that takes signals.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux';
  }
}

/** Process ids of a process's children, in the order they were started. Linux only. */
export function childrenOf(pid: number): readonly number[] {
  const children: number[] = [];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim();
    if (text !== '') children.push(...text.split(' ').map(Number));
  }
  return children.sort((a, b) => a - b);
}
