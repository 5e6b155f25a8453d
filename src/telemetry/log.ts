import { type DestinationStream, pino } from 'pino';

/** The process's own log: what happened to configuration, listeners and pods; never a request (that is the access log). */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** JSON lines on standard error unless another stream is given; synchronous, so that the last words of a process are not lost. */
export function createLog(stream: DestinationStream = pino.destination({ fd: 2, sync: true })): Log {
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    stream,
  );
}
