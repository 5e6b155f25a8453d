import type { HeaderEdit } from '../affinity/header-edit.ts';
import { encodeResponseHead, ResponseEdits, responseFraming } from '../http1/encode-head.ts';
import type { Head } from '../http1/head.ts';
import type { RequestMeaning, ResponseMeaning } from '../http1/meaning.ts';
import { dateLine } from './date-header.ts';
import type { HeaderEdits } from './header-edits.ts';

/** What is left of a request that was answered early is read and dropped up to this length; beyond it the connection ends. */
const DROPPED_BYTES = 65_536;

/** Whether the client's connection can go on although the response comes before the end of a request with this meaning. */
export function mayDropRest(meaning: RequestMeaning): boolean {
  if (meaning.body === 'none') return true;
  return meaning.body === 'length' && meaning.contentLength <= DROPPED_BYTES && !meaning.expectContinue;
}

/** A response head's way from what the upstream sent to what the client is sent. One object serves all responses of a connection. */
export class ResponsePreparation {
  readonly #edits: ResponseEdits = new ResponseEdits();

  /** Whether the client's connection may serve another request after the final head. */
  get keepAlive(): boolean {
    return this.#edits.keepAlive;
  }

  /** Only the end of the client's connection tells where the body ends. */
  get endsWithConnection(): boolean {
    return this.#edits.framing === 'close';
  }

  get isChunked(): boolean {
    return this.#edits.framing === 'chunked';
  }

  /** An interim head as text; '': the client can't take it. */
  interim(head: Head, meaning: ResponseMeaning, clientMinor: number, own: HeaderEdits): string {
    // HTTP/1.0 knows no interim responses (RFC 9110 §15.2).
    if (clientMinor === 0) return '';
    const edits = this.#edits;
    edits.framing = 'none';
    edits.remove = own.removed;
    edits.append = '';
    return encodeResponseHead(head, meaning, edits);
  }

  /** Decides how the final head and its body go out: `keepAlive` and `isChunked` hold from here on. */
  begin(meaning: ResponseMeaning, clientMinor: number, mayKeepAlive: boolean): void {
    const edits = this.#edits;
    edits.framing = responseFraming(meaning, clientMinor);
    edits.clientMinor = clientMinor;
    edits.keepAlive = mayKeepAlive && edits.framing !== 'close';
  }

  /** The final head as text: with the route's edits `own`, the gateway's `lines`, and what binds the client to its endpoint. */
  final(head: Head, meaning: ResponseMeaning, own: HeaderEdits, lines: string, session: readonly HeaderEdit[]): string {
    const edits = this.#edits;
    edits.remove = own.removed;
    edits.append = (session.length === 0 ? own.lines : own.linesBeside(session)) + lines;
    if (head.findHeader('date', 0) < 0) edits.append += dateLine();
    if (session.length > 0) edits.remove = own.removedAlso(session);
    for (const { name, value } of session) edits.append += `${name}: ${value}\r\n`;
    return encodeResponseHead(head, meaning, edits);
  }
}

/** Server-sent events (WHATWG HTML): a response that lasts as long as the client listens. */
export function isEventStream(head: Head): boolean {
  const type = head.findHeader('content-type', 0);
  return type >= 0 && /^text\/event-stream\b/i.test(head.headerValue(type));
}
