import { checkFraming, type Field, parseChunkLine, parseFields, STATUS_LINE, valuesOf } from './strict-syntax.ts';

/** How the client's connection ended; `open`: not yet. */
export type StreamEnd = 'open' | 'fin' | 'reset';

/** A response as the client got it. */
export interface SeenResponse {
  /** 0: what came is no response. */
  readonly status: number;
  readonly fields: readonly Field[];
  readonly trailers: readonly Field[];
  readonly body: Buffer;
  readonly isComplete: boolean;
  readonly framing: 'none' | 'length' | 'chunked' | 'close' | 'interim' | 'tunnel' | 'broken';
  readonly anomalies: readonly string[];
}

const EMPTY: Buffer = Buffer.alloc(0);

/** More than this without the end of a head is none. */
const MAX_HEAD_BYTES = 1 << 20;

/**
 * Takes what a client received apart, as strictly as the grammar has it. `methods` are those of the requests in order (GET
 * beyond them). A head that is not whole is only there once nothing more can come.
 */
export function parseResponses(bytes: Buffer, methods: readonly string[], end: StreamEnd): SeenResponse[] {
  const responses: SeenResponse[] = [];
  let position = 0;
  let answered = 0;
  while (position < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', position, 'latin1');
    if (headEnd < 0) {
      if (end === 'open' && bytes.length - position <= MAX_HEAD_BYTES) break;
      responses.push(broken(`incomplete head ${quoteStart(bytes, position)}`));
      break;
    }
    const [line = '', ...lines] = bytes.toString('latin1', position, headEnd).split('\r\n');
    const match = STATUS_LINE.exec(line);
    if (match === null) {
      responses.push(broken(`status line ${JSON.stringify(line.slice(0, 80))}`));
      break;
    }
    const status = Number(match[2]);
    const isInterim = status < 200 && status !== 101;
    const method = isInterim ? '' : (methods[answered++] ?? 'GET');
    const { response, next } = parseOne(bytes, headEnd + 4, status, lines, method, end);
    responses.push(response);
    if (next < 0) break;
    position = next;
  }
  return responses;
}

/** `next` is -1 where nothing more can be told from the bytes. */
function parseOne(
  bytes: Buffer,
  start: number,
  status: number,
  lines: readonly string[],
  method: string,
  end: StreamEnd,
): { readonly response: SeenResponse; readonly next: number } {
  const anomalies: string[] = [];
  const fields = parseFields(lines, 'response head', anomalies);
  const base = { status, fields, trailers: [], body: EMPTY, isComplete: true, anomalies };
  if (status === 101) return { response: { ...base, framing: 'tunnel', body: bytes.subarray(start) }, next: -1 };
  if (status < 200) return { response: { ...base, framing: 'interim' }, next: start };
  checkFraming(fields, anomalies);
  const [length] = valuesOf(fields, 'content-length');
  const isChunked = valuesOf(fields, 'transfer-encoding').length > 0;
  if (status === 204 && (length !== undefined || isChunked)) anomalies.push('204 with framing fields');
  if (method === 'HEAD' || status === 204 || status === 304) {
    return { response: { ...base, framing: 'none' }, next: start };
  }
  if (isChunked) {
    const chunked = parseChunked(bytes, start, anomalies);
    return { response: { ...base, ...chunked, framing: 'chunked' }, next: chunked.next };
  }
  if (length === undefined) {
    const body = bytes.subarray(start);
    return { response: { ...base, framing: 'close', body, isComplete: end === 'fin' }, next: -1 };
  }
  const bodyEnd = start + (Number.isSafeInteger(Number(length)) ? Number(length) : 0);
  const body = bytes.subarray(start, bodyEnd);
  const isComplete = bytes.length >= bodyEnd;
  return { response: { ...base, framing: 'length', body, isComplete }, next: isComplete ? bodyEnd : -1 };
}

function parseChunked(
  bytes: Buffer,
  start: number,
  anomalies: string[],
): { readonly body: Buffer; readonly trailers: readonly Field[]; readonly isComplete: boolean; readonly next: number } {
  const pieces: Buffer[] = [];
  const stopped = () => ({ body: Buffer.concat(pieces), trailers: [], isComplete: false, next: -1 });
  let position = start;
  const nextLine = (): string | null => {
    const lineEnd = bytes.indexOf('\r\n', position, 'latin1');
    if (lineEnd < 0) return null;
    const line = bytes.toString('latin1', position, lineEnd);
    position = lineEnd + 2;
    return line;
  };
  for (;;) {
    const line = nextLine();
    if (line === null) return stopped();
    const chunk = parseChunkLine(line);
    if (chunk === null) {
      anomalies.push(`chunk line ${JSON.stringify(line.slice(0, 60))}`);
      return stopped();
    }
    if (chunk.size === 0) break;
    pieces.push(bytes.subarray(position, position + chunk.size));
    position += chunk.size + 2;
    if (position > bytes.length) return stopped();
    if (bytes.toString('latin1', position - 2, position) !== '\r\n') {
      anomalies.push('no CRLF after chunk data');
      return stopped();
    }
  }
  const lines: string[] = [];
  for (let line = nextLine(); line !== ''; line = nextLine()) {
    if (line === null) return stopped();
    lines.push(line);
  }
  const trailers = parseFields(lines, 'trailers', anomalies);
  return { body: Buffer.concat(pieces), trailers, isComplete: true, next: position };
}

function broken(anomaly: string): SeenResponse {
  return {
    status: 0,
    fields: [],
    trailers: [],
    body: EMPTY,
    isComplete: false,
    framing: 'broken',
    anomalies: [anomaly],
  };
}

function quoteStart(bytes: Buffer, position: number): string {
  return JSON.stringify(bytes.toString('latin1', position, position + 80));
}
