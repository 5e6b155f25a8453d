import type { Readable } from 'node:stream';
import type { LineFile } from './line-file.ts';

/**
 * Joins the output of several processes: a pipe may cut what is written to it anywhere, so only whole lines pass from
 * each of them, and what a process that was killed left of a line is dropped.
 */
export class LineRelay {
  readonly #file: LineFile;

  constructor(file: LineFile) {
    this.#file = file;
  }

  /** Takes the stream's lines until it ends. */
  join(stream: Readable): void {
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      const end = text.lastIndexOf('\n') + 1;
      if (end > 0) this.#file.write(rest + text.slice(0, end));
      // Not more than a line of ours, which is as long as a request's head at most.
      rest = end > 0 ? text.slice(end) : rest + text;
    });
    stream.on('error', () => {});
  }
}
