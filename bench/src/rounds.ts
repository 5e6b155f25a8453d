import { truncateSync } from 'node:fs';
import type { TestProcess } from '../../test/support/child-process.ts';
import { fetchFrom } from '../../test/support/http-client.ts';
import { COOKIE, HOST, type Setup } from './contenders/contender.ts';
import { readCpuMicros, readResidentMiB } from './cpu-time.ts';
import { type Load, runLoad } from './load.ts';

/** A contender that runs and waits for its turns. */
export interface Entrant {
  readonly name: string;
  readonly version: string;
  readonly setup: Setup;
  readonly process: TestProcess;
}

/** One contender's turn of one round. */
export interface Turn {
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly residentMiB: number;
}

/** Loads one contender and relates the CPU time it used meanwhile to the requests it answered. */
export async function runTurn(entrant: Entrant, load: Omit<Load, 'host' | 'port'>): Promise<Turn> {
  const { pid } = entrant.process;
  // The log of the turn before is emptied now, so that no contender waits for a full disk.
  truncateSync(entrant.setup.accessLog);
  const before = readCpuMicros(pid);
  const result = await runLoad({ ...load, host: '127.0.0.1', port: entrant.setup.port }).catch((error: unknown) => {
    throw new Error(`${entrant.name} failed; its output:\n${entrant.process.output()}`, { cause: error });
  });
  const used = readCpuMicros(pid) - before;
  return {
    cpuMicrosPerRequest: used / result.requests,
    requestsPerSecond: result.requestsPerSecond,
    p50Millis: result.p50Millis,
    p99Millis: result.p99Millis,
    residentMiB: readResidentMiB(pid),
  };
}

/**
 * Every contender in every round, each time in another order. A turn that fails fails the run: a figure for requests
 * that were not served would say nothing.
 */
export async function runRounds(
  entrants: readonly Entrant[],
  rounds: number,
  load: Omit<Load, 'host' | 'port'>,
  onTurn: (round: number, entrant: Entrant, turn: Turn) => void,
): Promise<Map<Entrant, Turn[]>> {
  const turns = new Map<Entrant, Turn[]>(entrants.map((entrant) => [entrant, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < entrants.length; i++) {
      const entrant = entrants[(i + round) % entrants.length];
      if (entrant === undefined) continue;
      const turn = await runTurn(entrant, load);
      turns.get(entrant)?.push(turn);
      onTurn(round, entrant, turn);
    }
  }
  return turns;
}

/** Fails unless sessions stay on a pod and several pods have sessions: otherwise contenders do different work. */
export async function checkAffinity({ name, setup }: Entrant): Promise<void> {
  const answer = async (session: number): Promise<string> => {
    const headers = { host: HOST, cookie: `${COOKIE}=session-${session}` };
    const { status, text } = await fetchFrom({ port: setup.port, headers });
    if (status !== 200) throw new Error(`${name} answers ${status}: ${text}`);
    return text.trim();
  };
  const pods = new Set<string>();
  for (let session = 0; session < 40; session++) {
    const pod = await answer(session);
    if ((await answer(session)) !== pod) throw new Error(`${name} does not keep a session on its pod`);
    pods.add(pod);
  }
  if (pods.size < setup.pods.length) throw new Error(`${name} uses ${[...pods].join(', ')} only`);
}
