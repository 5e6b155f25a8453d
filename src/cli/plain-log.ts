import type { Log } from '../telemetry/log.ts';
import { printRemark } from './output.ts';

/** The process's log for people at a terminal: the messages without the fields that machines search for. */
export function createPlainLog(): Log {
  const write = (_fields: unknown, message: string): void => printRemark(message);
  return { info: write, warn: write, error: write };
}
