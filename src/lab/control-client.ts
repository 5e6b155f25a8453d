import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { LabProblem } from './lab-problem.ts';
import type { PodView, ScaleView } from './lab-views.ts';
import { type LabAddress, readStateFile } from './state-file.ts';

const ALIVE_MILLIS = 2_000;

/** The lab that runs, as its commands see it. Everything rejects with a LabProblem that the user can read. */
export interface LabClient {
  pods(): Promise<readonly PodView[]>;
  scale(name: string, replicas: number, tutorial: string | null): Promise<readonly ScaleView[]>;
  kill(pod: string, restart: boolean): Promise<PodView>;
  /** The pod's log as it comes; with `follow` until the lab ends. */
  log(pod: string, follow: boolean): Promise<AsyncIterable<Buffer>>;
}

/** Finds the lab that runs by its state file. */
export async function connectToLab(stateFile: string): Promise<LabClient> {
  const address = await readStateFile(stateFile, isLabAlive);
  if (address === null) throw new LabProblem('no lab is running; start one with `npx limpet lab`');
  return {
    pods: async () => (await call(address, 'GET', '/pods')) as PodView[],
    scale: async (name, replicas, tutorial) =>
      (await call(address, 'POST', '/scale', { name, replicas, tutorial })) as ScaleView[],
    kill: async (pod, restart) => (await call(address, 'POST', '/kill', { pod, restart })) as PodView,
    log: (pod, follow) => send(address, 'GET', `/logs?pod=${encodeURIComponent(pod)}${follow ? '&follow' : ''}`),
  };
}

/** A lab that is stopped or too busy to answer in time counts as alive: its pods hold their addresses. */
export async function isLabAlive(address: LabAddress): Promise<boolean> {
  try {
    const response = await send(address, 'GET', '/pods', undefined, AbortSignal.timeout(ALIVE_MILLIS));
    response.resume();
    return true;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError';
  }
}

async function call(address: LabAddress, method: string, path: string, body?: unknown): Promise<unknown> {
  return json(await send(address, method, path, body));
}

/** Not fetch, which gives up on an answer that is silent for five minutes, as a followed log may be. */
async function send(
  { port, token }: LabAddress,
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path,
    agent: false,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(signal === undefined ? {} : { signal }),
  });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(request, 'response', signal === undefined ? {} : { signal })) as [IncomingMessage];
  if (response.statusCode === 200) return response;
  const { error } = (await json(response)) as { error: string };
  throw new LabProblem(error);
}
