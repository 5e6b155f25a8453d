import { type ClientStep, type RequestCase, toBytes } from './corpus.ts';
import { isOfBackend, judgeRequest, type Verdict } from './judge-request.ts';
import type { RecordingBackend } from './recording-backend.ts';
import { pause } from './send-step.ts';
import { membersOf, valuesOf } from './strict-syntax.ts';
import { isFinal, type ProxyAddress, WireClient } from './wire-client.ts';

/** How long to wait for a response, where the case does not say. */
const RESPONSE_MILLIS = 4_000;
/** How long to wait for an announced or expected close. */
const CLOSE_MILLIS = 2_500;
/** How long to look whether a second response follows where none is expected. */
const EXTRA_MILLIS = 600;
/** How long to look whether more reaches the backend. */
const GRACE_MILLIS = 40;
const GRACE_AFTER_LEAVING_MILLIS = 150;

const PROBE = '/keep-probe';

/** Plays a request case against the proxy and judges what came of it. */
export async function playRequest(
  played: RequestCase,
  proxy: ProxyAddress,
  backend: RecordingBackend,
): Promise<Verdict> {
  const { expect } = played;
  backend.begin(played);
  using client = await WireClient.connect(proxy, listMethods(played));
  for (const step of listSteps(played)) {
    await client.play(step);
    if (client.hasLeft) break;
  }
  if (!client.hasLeft) await awaitOutcome(played, client);
  await pause(played.grace_ms ?? (client.hasLeft ? GRACE_AFTER_LEAVING_MILLIS : GRACE_MILLIS));
  const requests = [...backend.requests];
  const isProbed = expect.conn === 'keep' && !client.hasLeft && client.end === 'open';
  const isUsable = isProbed ? await probe(client, backend) : null;
  const responses = client.responses.filter(({ fields }) => !valuesOf(fields, 'x-target').includes(PROBE));
  const last = responses.findLast(isFinal);
  // A proxy may linger before it closes; saying so is enough.
  const isAnnounced = last?.isComplete === true && membersOf(last.fields, 'connection').includes('close');
  const isClosed = client.end !== 'open' || isAnnounced;
  return judgeRequest(played, { responses, isClosed, hasLeft: client.hasLeft, requests, isUsable });
}

function listSteps(played: RequestCase): readonly ClientStep[] {
  return played.steps ?? [{ send: played.bytes ?? '' }];
}

function listMethods({ methods, expect }: RequestCase): readonly string[] {
  return methods ?? (expect.requests ?? []).map(({ method }) => method ?? 'GET');
}

/** Waits until all is there that the case expects, or its time is over. */
async function awaitOutcome({ expect, timeout_ms }: RequestCase, client: WireClient): Promise<void> {
  const { outcome, requests = [] } = expect;
  const isRefused = outcome === 'reject' || outcome === 'close';
  const isCloseExpected = outcome === 'close' || (expect.conn ?? (isRefused ? 'close' : 'any')) === 'close';
  const millis = timeout_ms ?? RESPONSE_MILLIS;
  const isOver = (): boolean => client.end !== 'open';
  if (outcome === 'forward') {
    const count = (expect.statuses ?? requests).length;
    await client.wait(() => isOver() || (!isCloseExpected && client.completeFinals >= count), millis);
    const { tunnel } = expect;
    if (tunnel !== undefined) await client.wait(() => isOver() || client.contains(toBytes(tunnel)), 2_000);
    return;
  }
  await client.wait(() => isOver() || client.completeFinals > 0, millis);
  const count = Math.max(1, requests.length) + (outcome === 'reject' && requests.length > 0 ? 1 : 0);
  await client.wait(() => isOver() || client.completeFinals >= count, isCloseExpected ? CLOSE_MILLIS : EXTRA_MILLIS);
  const isOwn = client.finals.some((response) => response.isComplete && !isOfBackend(response));
  if (isCloseExpected || (isOwn && (expect.conn ?? 'close') === 'close')) await client.wait(isOver, CLOSE_MILLIS);
}

/** Whether the connection serves another request. */
async function probe(client: WireClient, backend: RecordingBackend): Promise<boolean> {
  const before = client.completeFinals;
  backend.answerPlainly();
  client.get(PROBE);
  await client.wait(() => client.end !== 'open' || client.completeFinals > before, 2_000);
  return client.finals.some(({ fields }) => valuesOf(fields, 'x-target').includes(PROBE));
}
