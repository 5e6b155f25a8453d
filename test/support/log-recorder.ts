import type { Log } from '../../src/telemetry/log.ts';

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that a test can read and wait for. */
export class LogRecorder implements Log {
  readonly entries: LogEntry[] = [];
  readonly #waiting = new Set<() => void>();

  info(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#add({ level: 'info', fields, message });
  }

  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#add({ level: 'warn', fields, message });
  }

  error(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#add({ level: 'error', fields, message });
  }

  /** The entry number `count` (from 1) that `wanted` takes, now or later. */
  async next(wanted: (entry: LogEntry) => boolean, count = 1): Promise<LogEntry> {
    for (;;) {
      const found = this.entries.filter(wanted)[count - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #add(entry: LogEntry): void {
    this.entries.push(entry);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
