export interface SignalHandlers {
  /** null: SIGHUP stops as well, as it does when a terminal closes. */
  readonly onReload: (() => void) | null;
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
  const { onReload, onStop, withParent = false } = handlers;
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
  if (withParent) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) stop();
    }, PARENT_CHECK_MILLIS).unref();
  }
  return promise;
}
