export interface SignalHandlers {
  /** null: SIGHUP stops as well, as it does when a terminal closes. */
  readonly onReload: (() => void) | null;
  /** SIGUSR2: another process is to take over. Once one has, that is a reason to stop; false: nothing has changed. */
  readonly onSucceed?: () => Promise<boolean>;
  /** Called once, at the first reason to stop. */
  readonly onStop: () => void;
  /** The end of the process that started this one is a reason to stop too. */
  readonly withParent?: boolean;
}

/** 128 and the signal's number, as shells have it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const PARENT_CHECK_MILLIS = 1_000;

/** Resolves at the first reason to stop; a second signal ends the process at once. */
export function untilStopped(handlers: SignalHandlers): Promise<void> {
  const { onReload, onSucceed, onStop, withParent = false } = handlers;
  const { promise, resolve } = Promise.withResolvers<void>();
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    onStop();
    resolve();
  };
  const stopOrExit = (signal: keyof typeof EXIT_CODES): void => {
    if (stopping) process.exit(EXIT_CODES[signal]);
    stop();
  };
  process.on('SIGINT', stopOrExit);
  process.on('SIGTERM', stopOrExit);
  process.on('SIGHUP', onReload ?? stopOrExit);
  if (onSucceed !== undefined) process.on('SIGUSR2', createSucceeder(onSucceed, stop));
  if (withParent) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) stop();
    }, PARENT_CHECK_MILLIS).unref();
  }
  return promise;
}

/** One attempt at a time: signals that come while one runs are those of an impatient operator. */
function createSucceeder(onSucceed: () => Promise<boolean>, stop: () => void): () => void {
  let isRunning = false;
  return async () => {
    if (isRunning) return;
    isRunning = true;
    if (await onSucceed()) stop();
    isRunning = false;
  };
}
