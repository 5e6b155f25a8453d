import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { ROOT } from './tools.ts';

export interface ProcessOptions {
  readonly cwd?: string;
  /** On top of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** File descriptor that gets the standard output; output() and waitForLine() then see standard error only. */
  readonly stdoutTo?: number;
}

/** A process that a test started; `await using` ends it and everything it started. */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  /** Standard output and error so far, in the order they came. */
  output(): string;
  /** Standard output alone: in `output()` a piece of standard error may stand inside one of its lines. */
  standardOutput(): string;
  /** The first line, past or to come, that matches; rejects if the process ends or the time passes before. */
  waitForLine(pattern: RegExp, timeoutMillis?: number): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process has ended; a signal's name where one ended it. */
  readonly exit: Promise<number | NodeJS.Signals>;
  /** SIGTERM, and after the grace period SIGKILL for the whole process group. */
  stop(graceMillis?: number): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) killGroup(child, 'SIGKILL');
});

/** Starts a program in a process group of its own, so that nothing of it can outlive the test. */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<TestProcess> {
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', options.stdoutTo ?? 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  const output = new OutputLines();
  let standardOutput = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    standardOutput += text;
    output.append(text);
  });
  child.stderr?.on('data', (chunk: Buffer) => output.append(chunk.toString('utf8')));
  const exit = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      // A process of the group may be left although its leader has ended.
      killGroup(child, 'SIGKILL');
      running.delete(child);
      output.end(`${command} ended with ${code ?? signal}`);
      resolve(code ?? signal ?? -1);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      running.delete(child);
      reject(error);
    });
  });
  const stop = async (graceMillis = 5000): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup(child, 'SIGKILL'), graceMillis);
    await exit;
    clearTimeout(timer);
  };
  return {
    pid: child.pid ?? 0,
    output: () => output.text,
    standardOutput: () => standardOutput,
    waitForLine: (pattern, timeoutMillis = 15_000) => output.waitForLine(pattern, timeoutMillis),
    signal: (name) => void child.kill(name),
    exit,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** Starts `limpet ARGS...` from the sources of this checkout. */
export function startLimpet(args: readonly string[], options: ProcessOptions = {}): Promise<TestProcess> {
  return startProcess(process.execPath, [`${ROOT}bin/limpet.js`, ...args], options);
}

/** Text that arrives in pieces, and those who wait for a line of it. */
class OutputLines {
  text = '';
  #ended: string | null = null;
  readonly #waiting = new Set<() => void>();

  append(piece: string): void {
    this.text += piece;
    for (const check of this.#waiting) check();
  }

  end(reason: string): void {
    this.#ended = reason;
    for (const check of this.#waiting) check();
  }

  waitForLine(pattern: RegExp, timeoutMillis: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => {
        done();
        reject(new Error(`${reason} before a line like ${pattern}; its output:\n${this.text}`));
      };
      const timer = setTimeout(() => fail(`${timeoutMillis} ms passed`), timeoutMillis);
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      const check = (): void => {
        const match = this.#find(pattern);
        if (match !== null) {
          done();
          resolve(match);
        } else if (this.#ended !== null) fail(this.#ended);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Only whole lines count, so that a match never ends in the middle of a number. */
  #find(pattern: RegExp): RegExpExecArray | null {
    const lines = this.text.split('\n');
    if (this.#ended === null) lines.pop();
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match !== null) return match;
    }
    return null;
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
