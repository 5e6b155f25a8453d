import { type ClientStep, type ResponseCase, toBytes } from './corpus.ts';
import type { Verdict } from './judge-request.ts';
import { judgeResponse } from './judge-response.ts';
import type { RecordingBackend } from './recording-backend.ts';
import { pause } from './send-step.ts';
import { valuesOf } from './strict-syntax.ts';
import { type ProxyAddress, WireClient } from './wire-client.ts';

const RESPONSE_MILLIS = 4_000;
const CLOSE_MILLIS = 2_500;
const GRACE_MILLIS = 60;
const PROBE_MILLIS = 3_000;

let probes = 0;

/**
 * Plays a response case: the backend answers one request with the case's bytes. Afterwards a request goes over the same
 * client connection, if it is still open, and one over a new connection; both must get their own answers, so that
 * nothing of a bad response is taken for another one's.
 */
export async function playResponse(
  played: ResponseCase,
  proxy: ProxyAddress,
  backend: RecordingBackend,
): Promise<Verdict> {
  backend.begin(played);
  using client = await WireClient.connect(proxy, [played.request?.method ?? 'GET']);
  for (const step of listSteps(played)) await client.play(step);
  await awaitOutcome(played, client);
  await pause(played.grace_ms ?? GRACE_MILLIS);
  const { responses } = client;
  const isClosed = client.end !== 'open';
  const requests = [...backend.requests];
  const ofCase = requests.filter(({ target }) => target.startsWith('/c/'));
  const used = new Set(ofCase.map(({ connection }) => connection));
  const isTunnel = responses.at(-1)?.framing === 'tunnel';
  const probeFaults: string[] = [];
  if (!isClosed && !isTunnel && client.completeFinals > 0) probeFaults.push(...(await probe(client, true)));
  using other = await WireClient.connect(proxy, []);
  probeFaults.push(...(await probe(other, false)));
  const isReused = backend.requests.some(({ target, connection }) => isProbe(target) && used.has(connection));
  const attempts = ofCase.length;
  return judgeResponse(played, { responses, isClosed, requests, attempts, isReused, probeFaults });
}

function listSteps({ id, request = {} }: ResponseCase): readonly ClientStep[] {
  if (request.steps !== undefined) return request.steps;
  const { method = 'GET', version = '1.1', headers = [], body = '' } = request;
  const head = [`${method} /c/${id} HTTP/${version}`, 'Host: example.com', ...headers, '', ''].join('\r\n');
  return [{ send: [head, body] }];
}

async function awaitOutcome({ expect, timeout_ms }: ResponseCase, client: WireClient): Promise<void> {
  const isOver = (): boolean => client.end !== 'open';
  const { tunnel } = expect;
  const isThere = tunnel === undefined ? () => client.completeFinals > 0 : () => client.contains(toBytes(tunnel));
  await client.wait(() => isOver() || isThere(), timeout_ms ?? RESPONSE_MILLIS);
  const isCut = client.finals.length > 0 && client.completeFinals === 0;
  if (expect.conn === 'close' || isCut) await client.wait(isOver, CLOSE_MILLIS);
}

/** `mayBeClosed`: the proxy may choose not to serve another request on this connection. */
async function probe(client: WireClient, mayBeClosed: boolean): Promise<string[]> {
  const before = client.finals.length;
  const target = `/probe-${++probes}`;
  client.get(target);
  await client.wait(
    () => client.end !== 'open' || client.finals.slice(before).some((each) => each.isComplete),
    PROBE_MILLIS,
  );
  const answers = client.finals.slice(before);
  if (answers.length === 0 && mayBeClosed && client.end !== 'open') return [];
  const [answer] = answers;
  const isOwn = answers.length === 1 && answer !== undefined && valuesOf(answer.fields, 'x-target').join() === target;
  if (isOwn && answer.anomalies.length === 0) return [];
  const got = answers.map(({ status, fields }) => `${status} ${valuesOf(fields, 'x-target')}`);
  return [`the request that followed got [${got}]`];
}

function isProbe(target: string): boolean {
  return target.startsWith('/probe-');
}
