import type { RequestView } from '../model/request-view.ts';
import type { CompiledFilters } from './compiled-route.ts';
import { type DrawnFault, drawFault } from './fault.ts';
import { MirrorRequest, type MirrorServices } from './mirror.ts';

/** What the filters decide before a request is forwarded. */
export interface FilterVerdict {
  /** Wait first. */
  readonly delayMillis: number;
  /** Then answer so instead of forwarding; null: forward. */
  readonly reply: {
    readonly status: number;
    readonly body: string;
    readonly flag: string;
    readonly headers: string;
  } | null;
}

const NO_FAULT: DrawnFault = { delayMillis: 0, abortStatus: 0, grpcStatus: -1 };
const ABORT_MESSAGE = 'fault filter abort';

/** A gRPC client is told in its own way, without a body. */
function replyToAbort(request: RequestView, status: number, grpcStatus: number): FilterVerdict['reply'] {
  const at = grpcStatus < 0 ? -1 : request.findHeader('content-type', 0);
  if (at < 0 || !/^application\/grpc(?:\+|$)/i.test(request.headerValue(at))) {
    return { status, body: ABORT_MESSAGE, flag: 'FI', headers: '' };
  }
  const headers = `content-type: application/grpc\r\ngrpc-status: ${grpcStatus}\r\ngrpc-message: ${ABORT_MESSAGE}\r\n`;
  return { status: 200, body: '', flag: 'FI', headers };
}

const PASS: FilterVerdict = { delayMillis: 0, reply: null };

/** The filters of a route at work on one request: faults on purpose, then CORS, then copies (the order of Istio's filters). */
export class ActiveFilters {
  /** Lines of the CORS policy for the response; empty: the response stays as it is. */
  corsLines = '';
  readonly #filters: CompiledFilters;
  readonly #services: MirrorServices;
  #mirrors: readonly MirrorRequest[] = [];

  constructor(filters: CompiledFilters, services: MirrorServices) {
    this.#filters = filters;
    this.#services = services;
  }

  judge(request: RequestView): FilterVerdict {
    const { fault, cors } = this.#filters;
    const { random } = this.#services.selectionEnvironment;
    const { delayMillis, abortStatus, grpcStatus } = fault === null ? NO_FAULT : drawFault(fault, random);
    if (abortStatus !== 0) return { delayMillis, reply: replyToAbort(request, abortStatus, grpcStatus) };
    const preflight = cors?.answerPreflight(request) ?? null;
    if (preflight !== null) return { delayMillis, reply: { status: 200, body: '', flag: '', headers: preflight } };
    this.corsLines = cors?.responseLines(request) ?? '';
    return delayMillis === 0 ? PASS : { delayMillis, reply: null };
  }

  /** Starts the copies with the head that goes upstream. */
  mirror(request: RequestView, head: string, isChunked: boolean): void {
    const { mirrors } = this.#filters;
    if (mirrors.length > 0) this.#mirrors = MirrorRequest.start(mirrors, request, head, isChunked, this.#services);
  }

  body(chunk: Buffer): void {
    for (const mirror of this.#mirrors) mirror.body(chunk);
  }

  end(lastChunk: string): void {
    for (const mirror of this.#mirrors) mirror.end(lastChunk);
  }

  /** The original ended before its body did: the copies can't be completed. */
  abandon(): void {
    for (const mirror of this.#mirrors) mirror.abandon();
  }
}
