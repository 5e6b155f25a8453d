import { startProcess } from '../../test/support/child-process.ts';
import { findTool } from '../../test/support/tools.ts';
import { COOKIE, HOST } from './contenders/contender.ts';
import { pinned } from './cores.ts';
import { readVersion } from './machine.ts';

export const CONNECTIONS = 64;

/** Sessions that take turns; enough for the ring to spread them, few enough to stay in any cache. */
const SESSIONS = 1000;

/** What wrk says of one run. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

export interface Load {
  readonly host: string;
  readonly port: number;
  readonly seconds: number;
  readonly core: number | null;
  /** Path of the script that sessionScript() gives. */
  readonly script: string;
}

/** wrk's script: GET / with one of the sessions' cookies, made before the run so that it costs one table look-up. */
export function sessionScript(): string {
  return `local requests = {}
function init(args)
  wrk.headers["Host"] = "${HOST}"
  wrk.headers["User-Agent"] = "wrk"
  wrk.headers["Accept"] = "*/*"
  for i = 1, ${SESSIONS} do
    wrk.headers["Cookie"] = string.format("theme=dark; ${COOKIE}=%016x", i * 2654435761 % 4294967296)
    requests[i] = wrk.format("GET", "/")
  end
end
local turn = 0
function request()
  turn = turn % ${SESSIONS} + 1
  return requests[turn]
end
`;
}

export function findWrkVersion(): string | null {
  const path = findTool('wrk');
  return path === undefined ? null : readVersion(path, ['-v'], /wrk (?:debian\/)?([\d.]+)/);
}

/** Loads a server for some seconds; rejects if a request failed or was not answered with 2xx. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { host, port, seconds, core, script } = load;
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', script, `http://${host}:${port}/`];
  await using running = await startProcess(...pinned(core, findTool('wrk') ?? 'wrk', args));
  await running.exit;
  return parseWrkOutput(running.output());
}

/** Reads wrk's report; throws an Error that quotes it where requests failed or it is none. */
export function parseWrkOutput(text: string): LoadResult {
  const requests = /^\s*(\d+) requests in /m.exec(text)?.[1];
  const rate = /^Requests\/sec:\s+([\d.]+)/m.exec(text)?.[1];
  const failure = /Non-2xx or 3xx responses: \d+|Socket errors: .*/.exec(text)?.[0];
  if (failure !== undefined) throw new Error(`requests failed under load: ${failure}`);
  if (requests === undefined || rate === undefined) throw new Error(`wrk did not report: ${text}`);
  return {
    requests: Number(requests),
    requestsPerSecond: Number(rate),
    p50Millis: readPercentile(text, '50%'),
    p99Millis: readPercentile(text, '99%'),
  };
}

const UNIT_MILLIS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function readPercentile(text: string, percentile: string): number {
  const [, value, unit] = new RegExp(`^\\s*${percentile}\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(text) ?? [];
  return Number(value) * (UNIT_MILLIS[unit ?? ''] ?? Number.NaN);
}
