import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** For a process to collect its garbage and say what is left. */
const ANSWER_MILLIS = 5_000;

/** Bytes that a process has in memory; 0: it is gone. Linux only. */
export function residentBytes(pid: number): number {
  try {
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    return 0;
  }
}

export interface MemorySample {
  /** Since the start of the run. */
  readonly millis: number;
  readonly bytes: number;
}

export interface MemoryTrend {
  readonly name: string;
  readonly pid: number;
  readonly samples: readonly MemorySample[];
  /** What was in use after a garbage collection at 5 % of the time and at its end; empty: it could not be asked. */
  readonly liveBytes: readonly number[];
}

/** The environment of processes whose live heap can be asked for. */
export function heapProbeEnvironment(file: string): Record<string, string> {
  const probe = fileURLToPath(new URL('heap-probe.ts', import.meta.url));
  return { NODE_OPTIONS: `--expose-gc --import=${probe}`, SOAK_HEAP_FILE: file };
}

/** Bytes that a process uses when its garbage is gone; null: it does not answer. `file` is the one of its environment. */
export async function liveBytes(pid: number, file: string): Promise<number | null> {
  const read = (): readonly number[] => {
    const lines = existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .filter((line) => line !== '')
      : [];
    const entries = lines.map((line) => JSON.parse(line) as { readonly pid: number; readonly bytes: number });
    return entries.filter((entry) => entry.pid === pid).map(({ bytes }) => bytes);
  };
  const before = read().length;
  try {
    process.kill(pid, 'SIGWINCH');
  } catch {
    return null;
  }
  const deadline = performance.now() + ANSWER_MILLIS;
  while (performance.now() < deadline) {
    await delay(20);
    const answers = read();
    if (answers.length > before) return answers.at(-1) ?? null;
  }
  return null;
}

/** Mean of the samples in mebibytes. */
export function meanMebibytes(samples: readonly MemorySample[]): number {
  const sum = samples.reduce((total, { bytes }) => total + bytes, 0);
  return sum / samples.length / 1_048_576;
}

/**
 * Growth over the last 80 % of `totalMillis` as a share of where it began: of the straight line that fits the samples
 * best, since single samples say more of garbage collection than of growth.
 */
export function growthOf(samples: readonly MemorySample[], totalMillis: number): number {
  const later = samples.filter(({ millis }) => millis >= totalMillis * 0.2);
  const count = later.length;
  const meanX = later.reduce((sum, { millis }) => sum + millis, 0) / count;
  const meanY = later.reduce((sum, { bytes }) => sum + bytes, 0) / count;
  const covariance = later.reduce((sum, { millis, bytes }) => sum + (millis - meanX) * (bytes - meanY), 0);
  const variance = later.reduce((sum, { millis }) => sum + (millis - meanX) ** 2, 0);
  const slope = variance === 0 ? 0 : covariance / variance;
  const at = (millis: number): number => meanY + slope * (millis - meanX);
  return at(totalMillis) / at(totalMillis * 0.2) - 1;
}
