import { realpath } from 'node:fs/promises';
import { watch } from 'chokidar';

export interface WatchTimes {
  /** Changes are gathered until this long after the last one, ... */
  readonly debounceMillis: number;
  /** ... but no longer than this, so that files which never come to rest are noticed too. */
  readonly maximumDelayMillis: number;
  /** How often to look even if the system reported nothing. */
  readonly checkMillis: number;
}

const DEFAULT_WATCH_TIMES: WatchTimes = { debounceMillis: 75, maximumDelayMillis: 300, checkMillis: 500 };

/** Checking takes at most this share of one core. */
const CHECK_COST_DIVISOR = 20;

/**
 * Runs `check` soon after something under the paths changed, one run at a time. The system's notifications make it
 * prompt; a look every `checkMillis` makes it certain: no notification comes from network file systems, for what lies
 * behind symbolic links, or once the system's limit of watches is reached.
 */
export function watchPaths(
  paths: readonly string[],
  recursive: boolean,
  check: () => Promise<void>,
  times: WatchTimes = DEFAULT_WATCH_TIMES,
): AsyncDisposable {
  let timer: NodeJS.Timeout | null = null;
  let firstEventAt: number | null = null;
  let checking: Promise<void> | null = null;
  let closed = false;

  function arm(delayMillis: number): void {
    if (timer !== null) clearTimeout(timer);
    timer = closed ? null : setTimeout(run, Math.max(0, delayMillis));
  }

  function noteEvent(): void {
    const now = performance.now();
    firstEventAt ??= now;
    if (checking === null) arm(Math.min(times.debounceMillis, firstEventAt + times.maximumDelayMillis - now));
  }

  function run(): void {
    firstEventAt = null;
    const startedAt = performance.now();
    checking = check().finally(() => {
      checking = null;
      const cost = performance.now() - startedAt;
      // An event that came during the check may be about something the check had already passed by.
      arm(firstEventAt === null ? Math.max(times.checkMillis, cost * CHECK_COST_DIVISOR) : times.debounceMillis);
    });
  }

  // Links are watched as links: the swap of a mounted ConfigMap is the change of one, and reading follows them anyway.
  const watcher = watch([...paths], { ignoreInitial: true, followSymlinks: false, ...(recursive ? {} : { depth: 0 }) });
  watcher.on('all', noteEvent);
  // What can't be watched is still looked at; reading it reports what is wrong with it.
  watcher.on('error', () => {});
  void Promise.allSettled(paths.map((path) => realpath(path))).then((targets) => {
    if (!closed) watcher.add(targets.flatMap((target) => (target.status === 'fulfilled' ? [target.value] : [])));
  });
  // Something may have changed between the last reading and this moment.
  arm(0);

  return {
    async [Symbol.asyncDispose]() {
      closed = true;
      arm(0);
      await Promise.all([watcher.close(), checking]);
    },
  };
}
