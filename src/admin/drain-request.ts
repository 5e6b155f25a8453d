import type { DrainRequest } from '../model/sessions-view.ts';
import { HttpProblem } from './http-problem.ts';

/** Longer than any name of Kubernetes, or any address. */
const MAX_NAME_LENGTH = 600;
/** A year. */
const MAX_SECONDS = 31_536_000;

/** The body of POST /drain: `endpoint`, and optionally `deadlineSeconds` from now. Throws an HttpProblem. */
export function decodeDrainRequest(body: unknown): DrainRequest {
  const { endpoint, deadlineSeconds = null } = decodeFields(body, ['endpoint', 'deadlineSeconds']);
  const isSeconds = typeof deadlineSeconds === 'number' && deadlineSeconds >= 0 && deadlineSeconds <= MAX_SECONDS;
  if (deadlineSeconds !== null && !isSeconds) throw invalid(`deadlineSeconds must be from 0 to ${MAX_SECONDS}`);
  return { endpoint: decodeEndpoint(endpoint), deadlineSeconds };
}

/** The body of POST /undrain: `endpoint`. Throws an HttpProblem. */
export function decodeUndrainRequest(body: unknown): string {
  return decodeEndpoint(decodeFields(body, ['endpoint'])['endpoint']);
}

function decodeFields(body: unknown, fields: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('an object is expected');
  const unknown = Object.keys(body).find((field) => !fields.includes(field));
  if (unknown !== undefined) throw invalid(`there is no field ${JSON.stringify(unknown.slice(0, 60))}`);
  return { ...body };
}

function decodeEndpoint(value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH) return value;
  throw invalid('endpoint must be an address, or the name or uid of a pod');
}

function invalid(message: string): HttpProblem {
  return new HttpProblem(400, message);
}
