import { type ResponseCase, type ResponseExpectation, toBytes } from './corpus.ts';
import { isOfBackend, type Verdict } from './judge-request.ts';
import type { RecordedRequest } from './recorded-request.ts';
import type { SeenResponse } from './response-stream.ts';
import { valuesOf } from './strict-syntax.ts';
import { findBodyFaults, findFieldFaults } from './wanted.ts';
import { isFinal } from './wire-client.ts';

/** What has come of a response case. */
export interface ResponseScene {
  readonly responses: readonly SeenResponse[];
  readonly isClosed: boolean;
  readonly requests: readonly RecordedRequest[];
  /** How often the case's request was sent upstream. */
  readonly attempts: number;
  /** The backend's connection carried another request afterwards. */
  readonly isReused: boolean;
  /** What was wrong with the answers to the requests that followed. */
  readonly probeFaults: readonly string[];
}

const PROXY_ERRORS: readonly number[] = [500, 502, 503, 504];

export function judgeResponse({ expect }: ResponseCase, scene: ResponseScene): Verdict {
  const faults = [...judgeAlways(expect, scene), ...judgeOutcome(expect, scene)];
  return { faults, isPreferred: judgePreference(expect, scene, faults) };
}

function judgeAlways(expect: ResponseExpectation, scene: ResponseScene): string[] {
  const faults = scene.requests.flatMap(({ anomalies }) =>
    anomalies.map((each) => `the backend saw an invalid message: ${each}`),
  );
  if (expect.max_attempts !== undefined && scene.attempts > expect.max_attempts) {
    faults.push(`sent upstream ${scene.attempts} times, at most ${expect.max_attempts} allowed`);
  }
  if (expect.reuse === 'never' && scene.isReused) faults.push("the backend's connection was used again");
  const finals = finalsOf(scene);
  if (finals.length > 1) faults.push(`${finals.length} responses to one request`);
  for (const { status, anomalies } of scene.responses) {
    // A connection that is cut may be cut within a head.
    if (status > 0) faults.push(...anomalies.map((each) => `the client saw an invalid message: ${each}`));
  }
  return [...faults, ...scene.probeFaults];
}

function judgeOutcome(expect: ResponseExpectation, scene: ResponseScene): string[] {
  switch (expect.outcome) {
    case 'relay':
      return judgeRelay(expect, scene);
    case 'error':
      return judgeError(expect, scene);
    case 'abort':
      return judgeAbort(scene);
    case 'either': {
      const outcomes = [judgeRelay(expect, scene), judgeError(expect, scene)];
      if (expect.abort_ok !== false) outcomes.push(judgeAbort(scene));
      if (outcomes.some((faults) => faults.length === 0)) return [];
      return [`no outcome that is accepted: ${outcomes.map((faults) => faults.slice(0, 2).join('; ')).join(' | ')}`];
    }
  }
}

/** The client gets this response whole. */
function judgeRelay(expect: ResponseExpectation, scene: ResponseScene): string[] {
  const [response] = finalsOf(scene);
  if (response === undefined || response.status === 0) return ['no response'];
  const faults: string[] = [];
  const statuses = [expect.status ?? 200].flat();
  if (!statuses.includes(response.status)) faults.push(`status ${response.status} instead of ${statuses.join(' or ')}`);
  if (expect.unmarked !== true && !isOfBackend(response)) faults.push("not the backend's response");
  faults.push(...findFieldFaults(expect.headers, response.fields, 'header'));
  for (const [name, lines] of Object.entries(expect.lines ?? {})) {
    const got = valuesOf(response.fields, name);
    if (!got.some((_, at) => got.slice(at, at + lines.length).join('\n') === lines.join('\n'))) {
      faults.push(`lines ${name}: ${JSON.stringify(got)}`);
    }
  }
  for (const name of expect.absent ?? []) {
    if (valuesOf(response.fields, name).length > 0) faults.push(`header ${name} must not be relayed`);
  }
  faults.push(...findFieldFaults(expect.trailers, response.trailers, 'trailer'));
  faults.push(...findBodyFaults(expect, response.body));
  if (!response.isComplete) faults.push('the response is incomplete');
  if (expect.interim !== undefined) {
    const got = scene.responses.filter(({ framing }) => framing === 'interim').map(({ status }) => status);
    if (got.join() !== expect.interim.join()) faults.push(`interim responses [${got}] instead of [${expect.interim}]`);
  }
  if (expect.conn === 'close' && !scene.isClosed) faults.push("the client's connection is not closed");
  if (expect.tunnel !== undefined && !response.body.includes(toBytes(expect.tunnel))) {
    faults.push('the tunnel did not carry what it should');
  }
  return faults;
}

/** The client gets an error of the proxy's own. */
function judgeError(expect: ResponseExpectation, scene: ResponseScene): string[] {
  const [response] = finalsOf(scene);
  if (response === undefined) return expect.silent_ok === true && scene.isClosed ? [] : ['no error response'];
  const faults: string[] = [];
  if (!(expect.errors ?? PROXY_ERRORS).includes(response.status)) faults.push(`status ${response.status}`);
  if (isOfBackend(response)) faults.push("the backend's invalid response was relayed");
  if (!response.isComplete) faults.push('the error response is incomplete');
  return faults;
}

/** The client can't take the response for complete, or gets an error of the proxy's own. */
function judgeAbort(scene: ResponseScene): string[] {
  const [response] = finalsOf(scene);
  if (response === undefined) return scene.isClosed ? [] : ['the client still waits'];
  if (!isOfBackend(response) && response.status >= 500) return [];
  if (response.isComplete) return [`the client saw a complete response ${response.status} (${response.framing})`];
  return scene.isClosed ? [] : ['the connection stays open on an incomplete response'];
}

function judgePreference(expect: ResponseExpectation, scene: ResponseScene, faults: readonly string[]): boolean | null {
  if (expect.prefer === undefined || expect.outcome !== 'either') return null;
  const [response] = finalsOf(scene);
  const isRelayed = response !== undefined && isOfBackend(response) && response.isComplete;
  return faults.length === 0 && isRelayed === (expect.prefer === 'relay');
}

function finalsOf({ responses }: ResponseScene): SeenResponse[] {
  return responses.filter(isFinal);
}
