import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One line of /proc/PID/stat, as far as we need it. Ticks are the kernel's user-visible ones. */
interface ProcessTimes {
  readonly parent: number;
  readonly ticks: number;
}

let ticksPerSecond: number | undefined;

/** CPU time in microseconds, user and system, that a process and all its living descendants have used so far. */
export function readCpuMicros(pid: number): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const table = readProcessTable();
  let ticks = 0;
  for (const [candidate, times] of table) if (isWithin(candidate, pid, table)) ticks += times.ticks;
  return (ticks * 1e6) / ticksPerSecond;
}

/** Resident memory of a process and its living descendants in MiB. */
export function readResidentMiB(pid: number): number {
  const table = readProcessTable();
  let kiB = 0;
  for (const candidate of table.keys()) {
    if (!isWithin(candidate, pid, table)) continue;
    kiB += Number(/^VmRSS:\s+(\d+) kB$/m.exec(readOrEmpty(`/proc/${candidate}/status`))?.[1] ?? 0);
  }
  return kiB / 1024;
}

function isWithin(candidate: number, ancestor: number, table: ReadonlyMap<number, ProcessTimes>): boolean {
  for (let pid = candidate; pid > 0; pid = table.get(pid)?.parent ?? 0) if (pid === ancestor) return true;
  return false;
}

function readProcessTable(): Map<number, ProcessTimes> {
  const table = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // The command in parentheses may hold anything; fields are counted from behind it. Field 3 is the first of them.
    const stat = readOrEmpty(`/proc/${name}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 16) continue;
    // 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime: the last two are of children that have ended.
    const ticks = [14, 15, 16, 17].reduce((sum, field) => sum + Number(fields[field - 3]), 0);
    table.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  return table;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
