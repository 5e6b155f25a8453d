import type { IncomingMessage } from 'node:http';

/** What httpbin tells about a request, field by field. */
export interface Echo {
  readonly args: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly origin: string;
  readonly url: string;
}

export interface BodyEcho {
  readonly data: string;
  readonly files: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string | readonly string[]>>;
  readonly json: unknown;
}

export function echoRequest(request: IncomingMessage): Echo {
  const url = requestUrl(request);
  return {
    args: collectValues(url.searchParams),
    headers: echoHeaders(request),
    origin: originOf(request),
    url: url.href,
  };
}

/** Header names as httpbin prints them (`X-Request-Id`), sorted; the values of a repeated one joined by commas. */
export function echoHeaders(request: IncomingMessage): Record<string, string> {
  const headers = new Map<string, string>();
  const { rawHeaders } = request;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = toTitleCase(rawHeaders[i] ?? '');
    const value = Buffer.from(rawHeaders[i + 1] ?? '', 'latin1').toString('utf8');
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries([...headers].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whom the request came from: what the gateway says, or the connection. */
export function originOf(request: IncomingMessage): string {
  const forwarded = request.headers['x-forwarded-for'];
  return (Array.isArray(forwarded) ? forwarded.join(', ') : forwarded) ?? request.socket.remoteAddress ?? '';
}

export function echoBody(request: IncomingMessage, body: Buffer): BodyEcho {
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType === 'application/x-www-form-urlencoded') {
    return { data: '', files: {}, form: collectValues(new URLSearchParams(body.toString('utf8'))), json: null };
  }
  return {
    data: toText(body),
    files: {},
    form: {},
    json: mediaType === 'application/json' ? tryParseJson(body) : null,
  };
}

export function echoCookies(request: IncomingMessage): Record<string, string> {
  const pairs = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.includes('='));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** As the client wrote it, as far as the gateway passed it on. */
export function requestUrl(request: IncomingMessage): URL {
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  const base = `${scheme}://${request.headers.host ?? 'localhost'}`;
  return URL.parse(request.url ?? '/', base) ?? new URL('http://localhost/');
}

function collectValues(pairs: URLSearchParams): Record<string, string | string[]> {
  const values: [string, string | string[]][] = [];
  for (const name of new Set(pairs.keys())) {
    const all = pairs.getAll(name);
    values.push([name, all.length === 1 ? (all[0] ?? '') : all]);
  }
  return Object.fromEntries(values);
}

function toTitleCase(name: string): string {
  return name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (match) => match.toUpperCase());
}

function toText(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return `data:application/octet-stream;base64,${body.toString('base64')}`;
  }
}

function tryParseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
