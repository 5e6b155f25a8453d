import { CRLF, encodeChunkSize, encodeLastChunk, LAST_CHUNK } from '../../src/http1/encode-body.ts';
import {
  encodeRequestHead,
  encodeResponseHead,
  RequestEdits,
  ResponseEdits,
  responseFraming,
} from '../../src/http1/encode-head.ts';
import type { Head } from '../../src/http1/head.ts';
import type { Http1Error } from '../../src/http1/http1-error.ts';
import type { Http1Limits } from '../../src/http1/http1-limits.ts';
import type { RequestMeaning, ResponseMeaning } from '../../src/http1/meaning.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { ResponseParser } from '../../src/http1/response-parser.ts';
import type { RequestSink, ResponseSink } from '../../src/http1/sinks.ts';

/**
 * How the other side of the parser behaves; what it is told must not depend on it. `inline`: asks for the next message from
 * within an event. `deferred`: only when `push` has returned. `paused`: pauses at each event and resumes afterwards.
 */
export type Pace = 'inline' | 'deferred' | 'paused';
export const PACES: readonly Pace[] = ['inline', 'deferred', 'paused'];

/** A message that was read, and how the encoders send it on. Byte strings. */
export interface RecordedMessage {
  readonly head: string;
  body: string;
  readonly isChunked: boolean;
  /** With the trailers; empty where the message is not chunked. */
  lastChunk: string;
  isComplete: boolean;
}

export interface Recording {
  /** One line per event, neighbouring body chunks as one. Byte strings. */
  readonly events: string[];
  readonly messages: RecordedMessage[];
}

/** What is sent on but for the bodies. */
export function forwardedHeads(recording: Recording): string {
  return recording.messages.map(({ head, lastChunk }) => (lastChunk === LAST_CHUNK ? head : head + lastChunk)).join('');
}

/** All of what is sent on for a message. */
export function forwarded(message: RecordedMessage): string {
  const { head, body, isChunked, lastChunk } = message;
  if (!isChunked) return head + body;
  return `${head}${body === '' ? '' : `${encodeChunkSize(body.length)}${body}${CRLF}`}${lastChunk}`;
}

class Recorder {
  readonly events: string[] = [];
  readonly messages: RecordedMessage[] = [];
  isPaused = false;
  hasFailed = false;
  pause: () => void = () => {};

  add(line: string): void {
    this.events.push(line);
    this.pause();
  }

  begin(line: string, head: string, isChunked: boolean): void {
    this.messages.push({ head, body: '', isChunked, lastChunk: '', isComplete: false });
    this.add(line);
  }

  body(chunk: Buffer): void {
    const text = chunk.toString('latin1');
    this.messages.at(-1)!.body += text;
    const last = this.events.length - 1;
    if (this.events[last]!.startsWith('body ')) this.events[last] += text;
    else this.events.push(`body ${text}`);
    this.pause();
  }

  end(trailers: Head | null): void {
    const message = this.messages.at(-1)!;
    message.isComplete = true;
    if (trailers !== null) {
      for (let i = 0; i < trailers.count; i++) {
        this.events.push(`trailer ${trailers.headerName(i)}: ${trailers.headerValue(i)}`);
      }
    }
    if (message.isChunked) message.lastChunk = encodeLastChunk(trailers);
    this.add('end');
  }

  error(error: Http1Error): void {
    this.hasFailed = true;
    this.add(`error ${error.code} ${error.status}`);
  }
}

/** What a RequestParser tells when it is fed `pieces` one after the other, and then the end of the connection if `hasEnd`. */
export function recordRequests(
  limits: Http1Limits,
  pieces: readonly Buffer[],
  hasEnd: boolean,
  pace: Pace,
  edits: RequestEdits = defaultRequestEdits(),
): Recording {
  const recorder = new Recorder();
  let isWaiting = false;
  let isOver = false;
  const sink: RequestSink = {
    onRequestHead(head, meaning) {
      edits.upgrade = meaning.upgrade;
      edits.authority = meaning.authority === '' ? 'gateway.example' : '';
      recorder.begin(
        describeRequest(head, meaning),
        encodeRequestHead(head, meaning, edits),
        meaning.body === 'chunked',
      );
    },
    onRequestBody: (chunk) => recorder.body(chunk),
    onRequestEnd(trailers) {
      recorder.end(trailers);
      if (!parser.meaning.keepAlive || parser.meaning.isConnect) isOver = true;
      else if (pace === 'inline') parser.next();
      else isWaiting = true;
    },
    onRequestError: (error) => recorder.error(error),
  };
  const parser: RequestParser = new RequestParser(limits, sink);
  const settle = drive(recorder, parser, pace, () => {
    const wasWaiting = isWaiting;
    isWaiting = false;
    if (wasWaiting) parser.next();
    return wasWaiting;
  });
  let rest = '';
  for (const piece of pieces) {
    if (isOver) {
      rest += piece.toString('latin1');
      continue;
    }
    // The parser must have no use for a chunk once push has returned.
    const chunk = Buffer.from(piece);
    parser.push(chunk);
    settle();
    chunk.fill(0x2a);
    if (isOver) rest = parser.detach().toString('latin1');
  }
  if (hasEnd && !isOver) {
    parser.end();
    settle();
  }
  if (isOver && parser.meaning.isConnect) recorder.add(`rest ${rest}`);
  else if (!isOver && !hasEnd && !recorder.hasFailed && !parser.isIdle) recorder.add('incomplete');
  return { events: recorder.events, messages: recorder.messages };
}

/** As `recordRequests`, for the one response to a request with `method` that offers to switch to `upgrade`. */
export function recordResponses(
  limits: Http1Limits,
  pieces: readonly Buffer[],
  hasEnd: boolean,
  pace: Pace,
  method = 'GET',
  upgrade = '',
  clientMinor = 1,
): Recording {
  const recorder = new Recorder();
  const edits = new ResponseEdits();
  edits.clientMinor = clientMinor;
  let isTunnel = false;
  let isReusable = true;
  const sink: ResponseSink = {
    onResponseHead(head, meaning) {
      edits.framing = responseFraming(meaning, clientMinor);
      edits.keepAlive = edits.framing !== 'close';
      isTunnel = meaning.isTunnel;
      recorder.begin(
        describeResponse(head, meaning),
        encodeResponseHead(head, meaning, edits),
        edits.framing === 'chunked',
      );
    },
    onResponseBody: (chunk) => recorder.body(chunk),
    onResponseEnd(trailers, reusable) {
      recorder.end(trailers);
      isReusable = reusable;
      // How soon bytes that belong to no response are seen depends on how they arrive; that they are seen does not.
      if (!reusable && parser.meaning.keepAlive) recorder.add('error unexpected-data 502');
    },
    onResponseError: (error) => recorder.error(error),
  };
  const parser: ResponseParser = new ResponseParser(limits, sink);
  const settle = drive(recorder, parser, pace, () => false);
  let rest = '';
  parser.expect(method, upgrade);
  for (const piece of pieces) {
    if (isTunnel) {
      rest += piece.toString('latin1');
      continue;
    }
    const chunk = Buffer.from(piece);
    parser.push(chunk);
    settle();
    chunk.fill(0x2a);
    if (isTunnel) rest = parser.detach().toString('latin1');
  }
  if (hasEnd && !isTunnel) {
    parser.end();
    settle();
  }
  if (isTunnel) recorder.add(`rest ${rest}`);
  else if (isReusable && !hasEnd && !recorder.hasFailed && !parser.isIdle) recorder.add('incomplete');
  return { events: recorder.events, messages: recorder.messages };
}

export function defaultRequestEdits(): RequestEdits {
  const edits = new RequestEdits();
  edits.expectContinue = true;
  edits.trailers = true;
  return edits;
}

/** Lets what was held up by `pace` happen until nothing more does. */
function drive(
  recorder: Recorder,
  parser: RequestParser | ResponseParser,
  pace: Pace,
  goOn: () => boolean,
): () => void {
  if (pace === 'paused') {
    recorder.pause = () => {
      recorder.isPaused = true;
      parser.pause();
    };
  }
  return () => {
    do {
      while (recorder.isPaused) {
        recorder.isPaused = false;
        parser.resume();
      }
    } while (goOn() || recorder.isPaused);
  };
}

function describeRequest(head: Head, meaning: RequestMeaning): string {
  const words = ['request', head.method, head.target];
  if (meaning.path !== head.target) words.push(`path=${meaning.path}`);
  if (meaning.scheme !== '') words.push(`scheme=${meaning.scheme}`);
  words.push(`host=${meaning.authority}`);
  if (head.minor === 0) words.push('http/1.0');
  if (meaning.body === 'chunked') words.push('chunked');
  if (meaning.body === 'length') words.push(`length=${meaning.contentLength}`);
  if (!meaning.keepAlive) words.push('close');
  if (meaning.expectContinue) words.push('expect-continue');
  if (meaning.upgrade !== '') words.push(`upgrade=${meaning.upgrade}`);
  if (meaning.acceptsTrailers) words.push('accepts-trailers');
  if (meaning.isConnect) words.push('connect');
  return words.join(' ');
}

function describeResponse(head: Head, meaning: ResponseMeaning): string {
  const words = ['response', String(head.status)];
  if (head.reason !== '') words.push(`"${head.reason}"`);
  if (head.minor === 0) words.push('http/1.0');
  if (meaning.isInterim) words.push('interim');
  else if (meaning.isTunnel) words.push('tunnel');
  else words.push(meaning.body === 'length' ? `length=${meaning.contentLength}` : meaning.body);
  if (meaning.body === 'none' && meaning.contentLength >= 0) words.push(`described-length=${meaning.contentLength}`);
  if (!meaning.keepAlive && meaning.body !== 'close') words.push('last');
  if (meaning.upgrade !== '') words.push(`upgrade=${meaning.upgrade}`);
  return words.join(' ');
}
