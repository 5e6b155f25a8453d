import type { TestProcess } from '../../../test/support/child-process.ts';
import { startServer } from '../start-server.ts';
import type { PodAddress } from '../upstream-pods.ts';

/** The cookie that every contender hashes; the Istio tutorial's. */
export const COOKIE = 'ISTIOID';

/** The host that every contender serves. */
export const HOST = 'bench.example';

/** What one contender needs to know to serve the benchmark's requests. */
export interface Setup {
  readonly pods: readonly PodAddress[];
  /** On 127.0.0.1. */
  readonly port: number;
  /** The file that gets one line for each request. */
  readonly accessLog: string;
  /** Writes a configuration file and returns its path. */
  readonly writeConfig: (name: string, content: string) => string;
  /** Folder for a V8 profile, where the contender runs on V8; null: none. */
  readonly cpuProfileDir: string | null;
  /** The core on which the contender runs; null: where the system wants. */
  readonly core: number | null;
}

/** A proxy to be measured: one worker, access log on, requests bound to a pod by a hash of the cookie. */
export interface Contender {
  readonly name: string;
  /** Its version, or null where the machine lacks it. */
  findVersion(): string | null;
  /** Resolves when it accepts connections. */
  start(setup: Setup): Promise<TestProcess>;
}

/** Starts a contender's program on its core; `stdoutTo` is a file descriptor for its standard output. */
export function startContender(
  { core, port }: Setup,
  command: string,
  args: readonly string[],
  stdoutTo?: number,
): Promise<TestProcess> {
  const where = { command, args, core, host: '127.0.0.1', port };
  return startServer(stdoutTo === undefined ? where : { ...where, stdoutTo });
}
