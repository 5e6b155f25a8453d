import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PodReport } from './pod/pod.ts';

export interface PodProcessOptions {
  readonly name: string;
  readonly version: string;
  /** `host:port`, tried in this order until one can be bound. */
  readonly addresses: readonly string[];
  readonly onLine: (line: string) => void;
}

/** A pod that runs, and answers at its address. */
export interface PodProcess {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  /** Resolves when the process has ended, however that came. */
  readonly exited: Promise<void>;
  /** Asks it to finish its requests; kills it when it has not ended in time. */
  terminate(graceMillis: number): Promise<void>;
  kill(): Promise<void>;
}

/** The sources run as they are, an installed package runs what was built from them. */
const ENTRY = fileURLToPath(new URL(`./pod/pod${extname(import.meta.url)}`, import.meta.url));

/** Rejects when the process could not start or bind an address. It ends with this process, however this one ends. */
export async function startPodProcess(options: PodProcessOptions): Promise<PodProcess> {
  const { name, version, addresses, onLine } = options;
  const listen = addresses.flatMap((address) => ['--listen', address]);
  const child = fork(ENTRY, ['--name', name, '--version', version, ...listen], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Neither the flags of this process nor its environment are meant for a sample application.
    execArgv: [],
    env: {},
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface(stream).on('line', onLine);
  }
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const report = await Promise.race([firstReport(child), exited.then(() => null)]);
  if (report === null || 'error' in report) {
    child.kill('SIGKILL');
    throw new Error(`pod ${name} did not start: ${report === null ? 'its process ended' : report.error}`);
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    host: report.host,
    port: report.port,
    exited,
    kill: () => end('SIGKILL'),
    async terminate(graceMillis) {
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMillis);
      await end('SIGTERM');
      clearTimeout(timer);
    },
  };
}

async function firstReport(child: ChildProcess): Promise<PodReport> {
  const [report] = (await once(child, 'message')) as [PodReport];
  return report;
}
