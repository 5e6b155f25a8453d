import { readFileSync } from 'node:fs';

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
