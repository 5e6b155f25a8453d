import { availableParallelism } from 'node:os';
import { findTool } from '../../test/support/tools.ts';

/** Which core the measured program gets, and which the rest: the load and the pods. null: no pinning on this machine. */
export interface Cores {
  readonly contender: number | null;
  readonly load: number | null;
}

export function chooseCores(): Cores {
  const count = availableParallelism();
  if (count < 2 || findTool('taskset') === undefined) return { contender: null, load: null };
  return { contender: 0, load: count - 1 };
}

/** A command and its arguments with taskset before them, which replaces itself and so keeps the process id. */
export function pinned(
  core: number | null,
  command: string,
  args: readonly string[],
): [command: string, args: readonly string[]] {
  const taskset = findTool('taskset');
  if (core === null || taskset === undefined) return [command, args];
  return [taskset, ['-c', String(core), command, ...args]];
}
