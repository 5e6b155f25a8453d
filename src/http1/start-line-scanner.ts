import type { Head } from './head.ts';
import type { Http1ErrorCode } from './http1-error.ts';

/** Scans the first line of a message; like FieldScanner it can stop at any byte and finds an error at the same byte always. */
export interface StartLineScanner {
  /** The line was read, its CRLF included. */
  readonly isDone: boolean;
  readonly error: Http1ErrorCode | null;
  reset(): void;
  /** As in FieldScanner. */
  scan(bytes: Buffer, base: number, from: number, end: number, limit: number): number;
  /** Fills the fields of the start line in, once `head.text` is there. */
  fill(head: Head): void;
}
