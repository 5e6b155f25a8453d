import { closeSync, fstatSync, mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const BLOCK_BYTES = 131_072;
/** Full blocks that may wait for the disk or for a reader of a pipe; beyond them lines are dropped, not memory filled. */
const MAX_WAITING_BLOCKS = 256;
const FLUSH_MILLIS = 100;

interface Block {
  readonly bytes: Buffer;
  used: number;
}

/**
 * An append-only file (or standard output) for very many short ASCII lines: a line costs one copy, and a system call
 * is made per block or tenth of a second. Why this is not a library: docs/decisions/004-access-log-writer.md.
 */
export class LineFile {
  readonly #path: string | null;
  readonly #timer: NodeJS.Timeout;
  readonly #waiting: Block[] = [];
  #fd: number;
  #block: Block = createBlock();
  #spare: Block | null = null;
  #writing: Block | null = null;
  #reopenDue = false;
  #closed = false;
  /** Lines lost because nobody took them in time, or the disk refused them. */
  dropped = 0;

  /** null is standard output. Throws as node:fs does when the file can't be opened. */
  constructor(path: string | null) {
    this.#path = path;
    this.#fd = path === null ? 1 : open(path);
    this.#timer = setInterval(() => this.#flush(), FLUSH_MILLIS);
    this.#timer.unref();
  }

  /** `line` holds characters up to U+00FF only and ends with a newline. */
  write(line: string): void {
    if (this.#closed) return;
    let block = this.#block;
    if (block.used + line.length > block.bytes.length) {
      this.#flush();
      block = this.#block;
      if (this.#waiting.length >= MAX_WAITING_BLOCKS) {
        this.dropped++;
        return;
      }
      if (line.length > block.bytes.length) {
        block = { bytes: Buffer.allocUnsafe(line.length), used: 0 };
        this.#block = block;
      }
    }
    block.bytes.write(line, block.used, 'latin1');
    block.used += line.length;
  }

  /** Opens the path again once what was written so far is out: a rotated file gets the old lines, the new one the rest. */
  reopen(): void {
    if (this.#path === null) return;
    this.#flush();
    this.#reopenDue = true;
    if (this.#writing === null) this.#next();
  }

  /** Everything written so far is with the system when this returns. */
  flushSync(): void {
    this.#flush();
    for (const block of this.#waiting.splice(0)) this.#writeSync(block);
  }

  close(): void {
    if (this.#closed) return;
    clearInterval(this.#timer);
    this.flushSync();
    this.#closed = true;
    if (this.#path !== null && this.#writing === null) closeSync(this.#fd);
  }

  #flush(): void {
    if (this.#block.used === 0) return;
    this.#waiting.push(this.#block);
    this.#block = this.#spare ?? createBlock();
    this.#spare = null;
    if (this.#writing === null) this.#next();
  }

  #next(): void {
    if (this.#waiting.length === 0 && this.#reopenDue) this.#reopen();
    const block = this.#waiting.shift() ?? null;
    this.#writing = block;
    if (block !== null) this.#write(block, 0);
  }

  #write(block: Block, from: number): void {
    write(this.#fd, block.bytes, from, block.used - from, null, (error, written) => {
      if (error !== null && error.code !== 'EAGAIN' && error.code !== 'EINTR') this.#lose(block);
      else if (from + written < block.used) {
        // A pipe whose reader lags takes a part, or nothing: again in a moment.
        setTimeout(() => this.#write(block, from + written), error === null ? 0 : FLUSH_MILLIS).unref();
        return;
      }
      block.used = 0;
      if (this.#spare === null && block.bytes.length === BLOCK_BYTES) this.#spare = block;
      if (this.#closed && this.#path !== null) closeSync(this.#fd);
      else this.#next();
    });
  }

  #writeSync(block: Block): void {
    try {
      for (let at = 0; at < block.used; ) at += writeSync(this.#fd, block.bytes, at, block.used - at);
    } catch {
      this.#lose(block);
    }
  }

  #lose(block: Block): void {
    for (let at = block.bytes.indexOf(0x0a); at >= 0 && at < block.used; at = block.bytes.indexOf(0x0a, at + 1)) {
      this.dropped++;
    }
  }

  #reopen(): void {
    this.#reopenDue = false;
    try {
      const fd = open(this.#path as string);
      closeSync(this.#fd);
      this.#fd = fd;
    } catch {
      // The directory is gone or not writable: the old file is better than none.
    }
  }
}

function createBlock(): Block {
  return { bytes: Buffer.allocUnsafeSlow(BLOCK_BYTES), used: 0 };
}

function open(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'a');
  if (fstatSync(fd).isDirectory()) throw new Error(`${path} is a directory`);
  return fd;
}
