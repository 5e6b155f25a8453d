import { type RequestCase, type RequestExpectation, toBytes, type WantedRequest } from './corpus.ts';
import type { RecordedRequest } from './recorded-request.ts';
import type { SeenResponse } from './response-stream.ts';
import { valuesOf } from './strict-syntax.ts';
import { findRequestFaults } from './wanted.ts';
import { isFinal } from './wire-client.ts';

/** What has come of a request case on both sides of the proxy. */
export interface RequestScene {
  /** All that the client got, interim responses included. */
  readonly responses: readonly SeenResponse[];
  /** The proxy has ended the client's connection, or has said that it will. */
  readonly isClosed: boolean;
  /** The client has left by itself. */
  readonly hasLeft: boolean;
  readonly requests: readonly RecordedRequest[];
  /** Another request on the connection was answered; null: none was tried. */
  readonly isUsable: boolean | null;
}

export interface Verdict {
  /** Empty: passed. */
  readonly faults: readonly string[];
  /** Whether the outcome that the case prefers was taken; null: it prefers none. */
  readonly isPreferred: boolean | null;
}

/** Judges by what the case expects, and by what holds for every case: whatever goes through is valid HTTP/1.x. */
export function judgeRequest({ expect }: RequestCase, scene: RequestScene): Verdict {
  const faults = [...findInvalid(scene), ...judgeOutcome(expect, scene)];
  return { faults, isPreferred: judgePreference(expect, scene, faults) };
}

function judgeOutcome(expect: RequestExpectation, scene: RequestScene): string[] {
  switch (expect.outcome) {
    case 'forward':
      return judgeForward(expect, scene);
    case 'reject':
      return judgeRefusal(expect, scene, expect.requests ?? []);
    case 'close':
      return judgeClose(expect, scene, expect.requests ?? []);
    case 'either':
      return judgeEither(expect, scene);
  }
}

function judgeEither(expect: RequestExpectation, scene: RequestScene): string[] {
  const prefix = expect.prefix ?? [];
  const forwarded = judgeForward(expect, scene);
  const refused = judgeRefusal({ silent_ok: true, ...expect }, scene, prefix);
  if (forwarded.length === 0 || refused.length === 0) return [];
  const isOnlyRefused = finalsOf(scene)
    .slice(prefix.length)
    .every(({ status }) => status >= 400);
  if (isOnlyRefused && scene.isClosed && judgeClose(expect, scene, prefix).length === 0) return [];
  return [`not forwarded cleanly (${forwarded.join('; ')})`, `not refused (${refused.join('; ')})`];
}

/** The backend gets exactly the wanted requests and the client their answers, in order. */
function judgeForward(expect: RequestExpectation, scene: RequestScene): string[] {
  const wanted = expect.requests ?? [];
  const finals = finalsOf(scene);
  const complete = scene.requests.filter((request) => request.isComplete).length;
  const mayStopAt = expect.min_requests ?? wanted.length;
  const hasStopped = complete >= mayStopAt && complete < wanted.length && scene.isClosed;
  const counted = hasStopped ? wanted.slice(0, complete) : wanted;
  const statuses = (expect.statuses ?? wanted.map(() => 200)).slice(0, hasStopped ? complete : undefined);
  const faults = findBackendFaults(counted, scene, hasStopped);
  const got = finals.map(({ status }) => status);
  if (got.join() !== statuses.join()) faults.push(`the client got [${got}] instead of [${statuses}]`);
  for (const response of finals) {
    if (!response.isComplete) faults.push(`response ${response.status} is incomplete`);
    const isOfProxy = response.status < 500 && response.status !== 101 && !isOfBackend(response);
    if (isOfProxy && expect.proxy_ok !== true) faults.push(`response ${response.status} is not the backend's`);
  }
  if (faults.length === 0 && !isInOrder(finals)) faults.push('responses out of order');
  return [...faults, ...findClientFaults(expect, scene)];
}

function findClientFaults(expect: RequestExpectation, scene: RequestScene): string[] {
  const faults: string[] = [];
  for (const { fields } of scene.responses) {
    for (const name of expect.resp_absent ?? []) {
      if (valuesOf(fields, name).length > 0) faults.push(`a response carries ${name}`);
    }
  }
  const interim = scene.responses.filter(({ framing }) => framing === 'interim');
  if (expect.no_interim === true && interim.length > 0) faults.push('an interim response');
  if (expect.interim !== undefined && !interim.some(({ status }) => status === expect.interim)) {
    faults.push(`no interim response ${expect.interim}`);
  }
  if (expect.tunnel !== undefined) {
    const carried = Buffer.concat(
      scene.responses.filter(({ framing }) => framing === 'tunnel').map(({ body }) => body),
    );
    if (!carried.includes(toBytes(expect.tunnel))) faults.push('the tunnel did not carry what it should');
  }
  if (expect.conn === 'close' && !scene.isClosed) faults.push('the connection is not closed after the response');
  if (expect.conn === 'keep' && scene.isUsable !== true) faults.push('the connection is not usable afterwards');
  return faults;
}

/** After the answers to `wanted` the proxy answers itself and closes; nothing complete of the bad request goes on. */
function judgeRefusal(expect: RequestExpectation, scene: RequestScene, wanted: readonly WantedRequest[]): string[] {
  const faults = findBackendFaults(wanted, scene, expect.partial_ok === true);
  const finals = finalsOf(scene);
  const answers = finals.slice(0, wanted.length).map(({ status }) => status);
  const statuses = (expect.statuses ?? wanted.map(() => 200)).slice(0, wanted.length);
  if (answers.join() !== statuses.join()) faults.push(`the client got [${answers}] before the refusal`);
  const [refusal, ...more] = finals.slice(wanted.length);
  if (refusal === undefined) {
    if (expect.silent_ok !== true || !scene.isClosed) faults.push('no refusal');
  } else {
    const { status } = refusal;
    const isAccepted = expect.status === undefined ? status >= 400 && status < 600 : expect.status.includes(status);
    if (!isAccepted) faults.push(`status ${status} instead of ${expect.status?.join(' or ') ?? '4xx or 5xx'}`);
    if (isOfBackend(refusal)) faults.push("the refusal is the backend's");
    if (more.length > 0) faults.push(`${more.length} more responses after the refusal`);
  }
  if ((expect.conn ?? 'close') === 'close' && !scene.isClosed)
    faults.push('the connection is not closed after the refusal');
  return faults;
}

/** One of the two ends the connection; nothing beyond `wanted` is taken for complete. */
function judgeClose(expect: RequestExpectation, scene: RequestScene, wanted: readonly WantedRequest[]): string[] {
  const faults = findBackendFaults(wanted, scene, expect.partial_ok !== false, true);
  const beyond = finalsOf(scene).slice(wanted.length);
  if (beyond.some(({ status }) => status < 400)) faults.push(`a response ${beyond.map(({ status }) => status)}`);
  if (!scene.isClosed && !scene.hasLeft) faults.push('the connection is still open');
  return faults;
}

/** What reached the backend against what was to reach it. */
function findBackendFaults(
  wanted: readonly WantedRequest[],
  { requests }: RequestScene,
  mayBePartial: boolean,
  mayBeFewer = false,
): string[] {
  const complete = requests.filter((request) => request.isComplete);
  const partial = requests.find((request) => !request.isComplete);
  const faults: string[] = [];
  if (mayBeFewer ? complete.length > wanted.length : complete.length !== wanted.length) {
    const seen = complete.map(({ method, target }) => `${method} ${target.slice(0, 40)}`);
    faults.push(`the backend saw ${complete.length} requests (${seen.slice(0, 4)}) instead of ${wanted.length}`);
  }
  for (const [index, request] of complete.entries()) {
    const want = wanted[index];
    if (want !== undefined)
      faults.push(...findRequestFaults(want, request).map((each) => `request ${index + 1}: ${each}`));
  }
  if (partial !== undefined && !mayBePartial) faults.push(`a part of ${partial.method} ${partial.target} went on`);
  return faults;
}

/** Whatever the case says: both sides only ever see valid HTTP/1.x. */
function findInvalid({ requests, responses }: RequestScene): string[] {
  return [
    ...requests.flatMap(({ anomalies }) => anomalies.map((each) => `the backend saw an invalid message: ${each}`)),
    ...responses.flatMap(({ anomalies }) => anomalies.map((each) => `the client saw an invalid message: ${each}`)),
  ];
}

function judgePreference(expect: RequestExpectation, scene: RequestScene, faults: readonly string[]): boolean | null {
  if (expect.prefer === undefined || expect.outcome !== 'either') return null;
  const complete = scene.requests.filter((request) => request.isComplete).length;
  const isForwarded = complete > (expect.prefix?.length ?? 0);
  return faults.length === 0 && isForwarded === (expect.prefer === 'forward');
}

function finalsOf({ responses }: RequestScene): SeenResponse[] {
  return responses.filter((response) => isFinal(response) && response.status !== 0);
}

export function isOfBackend({ fields }: SeenResponse): boolean {
  return valuesOf(fields, 'x-backend').length > 0;
}

/** The backend numbers the requests of a case. */
function isInOrder(responses: readonly SeenResponse[]): boolean {
  const numbers = responses.flatMap(({ fields }) => valuesOf(fields, 'x-seq').slice(0, 1).map(Number));
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}
