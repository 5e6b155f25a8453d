import { closeSync, fstatSync, mkdirSync, openSync, write } from 'node:fs';
import { dirname } from 'node:path';

const BLOCK_BYTES = 131_072;
/** Full blocks that may wait for the disk or for a reader of a pipe; beyond them lines are dropped, not memory filled. */
const MAX_WAITING_BLOCKS = 256;
const FLUSH_MILLIS = 100;
/** A pipe that is full is tried again after this time, then after twice as long, and so on up to FLUSH_MILLIS. */
const FIRST_RETRY_MILLIS = 1;
/** When a file is closed, a reader that takes nothing more must not hold the end up for longer. */
const CLOSE_MILLIS = 5_000;

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
  /** Blocks to write, and marks where the file is to be opened anew, in order. */
  readonly #waiting: (Block | 'reopen')[] = [];
  readonly #closing: PromiseWithResolvers<void> = Promise.withResolvers();
  #fd: number;
  #block: Block = createBlock();
  #spare: Block | null = null;
  #writing: Block | null = null;
  #closed = false;
  #retryMillis = FIRST_RETRY_MILLIS;
  #giveUpAt = Number.POSITIVE_INFINITY;
  /** Lines lost because nobody took them in time, or the disk refused them. */
  dropped = 0;

  /** null is standard output. Throws as node:fs does when the file can't be opened. */
  constructor(path: string | null) {
    this.#path = path;
    this.#fd = path === null ? 1 : open(path);
    this.#timer = setInterval(() => this.#flush(), FLUSH_MILLIS);
    this.#timer.unref();
  }

  /** `line` holds characters up to U+00FF only and ends with a newline; it may be several lines. */
  write(line: string): void {
    if (this.#closed) return;
    let block = this.#block;
    if (block.used + line.length > block.bytes.length) {
      this.#flush();
      block = this.#block;
      if (this.#waiting.length >= MAX_WAITING_BLOCKS) {
        this.dropped += line.split('\n').length - 1;
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

  /** Opens the path again: a file that was moved away keeps the lines written so far, the new one gets the rest. */
  reopen(): void {
    if (this.#path === null || this.#closed) return;
    this.#seal();
    this.#waiting.push('reopen');
    if (this.#writing === null) this.#next();
  }

  /** Resolves when every line is written and the file closed; lines that come later are dropped. */
  close(): Promise<void> {
    if (!this.#closed) {
      clearInterval(this.#timer);
      this.#seal();
      this.#closed = true;
      this.#giveUpAt = performance.now() + CLOSE_MILLIS;
      if (this.#writing === null) this.#next();
    }
    return this.#closing.promise;
  }

  #flush(): void {
    this.#seal();
    if (this.#writing === null) this.#next();
  }

  /** The block in hand goes to those that wait. */
  #seal(): void {
    if (this.#block.used === 0) return;
    this.#waiting.push(this.#block);
    this.#block = this.#spare ?? createBlock();
    this.#spare = null;
  }

  #next(): void {
    let next = this.#waiting.shift();
    while (next === 'reopen') {
      this.#reopen();
      next = this.#waiting.shift();
    }
    this.#writing = next ?? null;
    if (next !== undefined) this.#write(next, 0);
    else if (this.#closed) this.#closeFile();
  }

  #closeFile(): void {
    if (this.#path !== null) closeSync(this.#fd);
    this.#closing.resolve();
  }

  #write(block: Block, from: number): void {
    write(this.#fd, block.bytes, from, block.used - from, null, (error, written) => {
      const isFull = error?.code === 'EAGAIN' || error?.code === 'EINTR';
      if (error !== null && !isFull) this.#lose(block);
      else if (from + (isFull ? 0 : written) < block.used) {
        this.#retry(block, from + (isFull ? 0 : written), isFull);
        return;
      }
      block.used = 0;
      if (this.#spare === null && block.bytes.length === BLOCK_BYTES) this.#spare = block;
      this.#next();
    });
  }

  /** A pipe whose reader lags takes a part, or nothing. The timer keeps the process alive: lines still wait. */
  #retry(block: Block, from: number, isFull: boolean): void {
    if (performance.now() > this.#giveUpAt) {
      this.#lose(block);
      this.#next();
      return;
    }
    setTimeout(() => this.#write(block, from), isFull ? this.#retryMillis : 0);
    this.#retryMillis = isFull ? Math.min(this.#retryMillis * 2, FLUSH_MILLIS) : FIRST_RETRY_MILLIS;
  }

  #lose(block: Block): void {
    for (let at = block.bytes.indexOf(0x0a); at >= 0 && at < block.used; at = block.bytes.indexOf(0x0a, at + 1)) {
      this.dropped++;
    }
  }

  #reopen(): void {
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
