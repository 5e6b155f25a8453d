import { connect, type Socket } from 'node:net';
import type { Head } from '../../http1/head.ts';
import { DEFAULT_HTTP1_LIMITS } from '../../http1/http1-limits.ts';
import type { ResponseMeaning } from '../../http1/meaning.ts';
import { ResponseParser } from '../../http1/response-parser.ts';
import type { HealthProbe } from '../../model/cluster.ts';
import type { HealthClock, HealthTimer } from './health-clock.ts';

/** What one probe of a host found. */
export type ProbeResult =
  | { readonly kind: 'passed' /** The host asks to be used last (x-envoy-degraded). */; readonly degraded: boolean }
  /** The host is there and says that it is not well. */
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unreachable'; readonly detail: string };

export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMillis: number;
  /** Host header where the probe names none. */
  readonly authority: string;
}

/** A probe under way. */
export interface RunningProbe {
  /** Ends it without a result. */
  cancel(): void;
}

/** How probes are made; tests put another in its place. */
export type ProbeRunner = (
  probe: HealthProbe,
  target: ProbeTarget,
  clock: HealthClock,
  onResult: (result: ProbeResult) => void,
) => RunningProbe;

/**
 * Probes a host over a connection of its own: a kept one would go on answering when the host takes no new ones any
 * more. Calls back once, unless cancelled, and never before this returns.
 */
export const runProbe: ProbeRunner = (probe, target, clock, onResult) =>
  new SocketProbe(probe, target, clock, onResult);

class SocketProbe implements RunningProbe {
  readonly #socket: Socket;
  readonly #timer: HealthTimer;
  readonly #onResult: (result: ProbeResult) => void;
  #done = false;

  constructor(probe: HealthProbe, target: ProbeTarget, clock: HealthClock, onResult: (result: ProbeResult) => void) {
    this.#onResult = onResult;
    this.#timer = clock.after(target.timeoutMillis, () => this.#finish(unreachable('timeout')));
    this.#socket = connect({ host: target.host, port: target.port, noDelay: true });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#finish(unreachable(error.code ?? error.message)));
    this.#socket.on('close', () => this.#finish(unreachable('connection closed')));
    if (probe.kind === 'tcp') this.#socket.once('connect', () => this.#finish({ kind: 'passed', degraded: false }));
    else this.#request(probe, target.authority);
  }

  cancel(): void {
    this.#done = true;
    this.#timer.cancel();
    this.#socket.destroy();
  }

  /** The response is read whole, as Envoy does: a host that gets stuck in the middle is not well. */
  #request(probe: Extract<HealthProbe, { kind: 'http' }>, authority: string): void {
    let result: ProbeResult = unreachable('no response');
    const parser = new ResponseParser(DEFAULT_HTTP1_LIMITS, {
      onResponseHead: (head: Head, meaning: ResponseMeaning) => {
        if (!meaning.isInterim) result = judge(probe, head);
      },
      onResponseBody: () => {},
      onResponseEnd: () => this.#finish(result),
      onResponseError: (error) => this.#finish(unreachable(error.code)),
    });
    parser.expect('GET', '');
    const host = probe.host === '' ? authority : probe.host;
    this.#socket.write(
      `GET ${probe.path} HTTP/1.1\r\nhost: ${host}\r\nuser-agent: limpet-health-check\r\nconnection: close\r\n\r\n`,
      'latin1',
    );
    this.#socket.on('data', (chunk: Buffer) => {
      if (!this.#done) parser.push(chunk);
    });
    this.#socket.on('end', () => {
      if (!this.#done) parser.end();
    });
  }

  #finish(result: ProbeResult): void {
    if (this.#done) return;
    this.cancel();
    this.#onResult(result);
  }
}

/** Envoy's default is 200 alone. */
function judge(probe: Extract<HealthProbe, { kind: 'http' }>, head: Head): ProbeResult {
  const ranges = probe.expectedStatuses.length === 0 ? ([[200, 200]] as const) : probe.expectedStatuses;
  if (!ranges.some(([from, to]) => head.status >= from && head.status <= to)) {
    return { kind: 'refused', status: head.status };
  }
  return { kind: 'passed', degraded: head.findHeader('x-envoy-degraded', 0) >= 0 };
}

function unreachable(detail: string): ProbeResult {
  return { kind: 'unreachable', detail };
}
