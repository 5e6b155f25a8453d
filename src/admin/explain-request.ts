import { isIP } from 'node:net';
import type { ExplainRequest } from '../model/explanation.ts';
import { HttpProblem } from './http-problem.ts';

const MAX_HEADERS = 200;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What RFC 9110 §5.5 allows in a field value, as JSON text; bytes above ASCII are given as their latin1 characters. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const FIELDS: ReadonlySet<string> = new Set(['url', 'method', 'headers', 'sourceIp']);

/** The body of POST /explain: `url`, and optionally `method`, `headers` (pairs, or an object), `sourceIp`. Throws an HttpProblem. */
export function decodeExplainRequest(body: unknown): ExplainRequest {
  if (!isRecord(body)) throw invalid('an object is expected');
  const unknown = Object.keys(body).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) throw invalid(`there is no field ${JSON.stringify(unknown.slice(0, 60))}`);
  const { url, method = 'GET', headers = [], sourceIp = null } = body;
  if (typeof url !== 'string' || !isHttpUrl(url)) throw invalid('url must be an absolute http or https URL');
  if (typeof method !== 'string' || !TOKEN.test(method)) throw invalid('method must be an HTTP method');
  if (sourceIp !== null && (typeof sourceIp !== 'string' || isIP(sourceIp) === 0)) {
    throw invalid('sourceIp must be an IP address');
  }
  return { url, method, headers: decodeHeaders(headers), sourceIp };
}

function decodeHeaders(value: unknown): [string, string][] {
  const pairs = Array.isArray(value) ? value : isRecord(value) ? listPairs(value) : null;
  if (pairs === null) throw invalid('headers must be a list of [name, value] or an object');
  if (pairs.length > MAX_HEADERS) throw invalid(`there are more than ${MAX_HEADERS} headers`);
  return pairs.map((pair: unknown) => {
    const [name, text] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : [];
    if (typeof name !== 'string' || !TOKEN.test(name))
      throw invalid('a header needs a name of letters, digits and dashes');
    if (typeof text !== 'string' || !FIELD_VALUE.test(text)) throw invalid(`header ${name} needs a text as its value`);
    return [name, text];
  });
}

function listPairs(headers: Record<string, unknown>): unknown[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((one: unknown) => [name, one]) : [[name, value]],
  );
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}

function invalid(message: string): HttpProblem {
  return new HttpProblem(400, message);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
