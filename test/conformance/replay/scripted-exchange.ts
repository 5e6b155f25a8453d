import { compileForward } from '../../../src/affinity/forward-plan.ts';
import type { HeaderEdit } from '../../../src/affinity/header-edit.ts';
import type { Host, HostState } from '../../../src/affinity/host.ts';
import { Selection, type SelectionEnvironment } from '../../../src/affinity/selection.ts';
import type { ForwardAction, RetryPolicy } from '../../../src/model/route.ts';
import type { RecordedBalancer } from './balancers.ts';
import { type HeaderLine, HeaderLines, type RecordedRequest } from './recorded-request.ts';

/** How the upstream hosts of a recording behave. */
export interface UpstreamScript {
  /** Status that the host answers, or null: it refuses connections. */
  readonly answer: (address: string) => number | null;
  readonly headers: readonly HeaderLine[];
}

export const ALL_ANSWER: UpstreamScript = { answer: () => 200, headers: [] };

export interface ScriptedRoute {
  readonly action: ForwardAction;
  readonly balancerOf: (cluster: string) => RecordedBalancer | undefined;
  /** Header operations and rewrites of the route. */
  readonly edit?: (request: RecordedRequest) => void;
}

export interface ScriptedResult {
  readonly status: number;
  /** Envoy's response flags. */
  readonly flags: string;
  /** Hosts tried, in order. */
  readonly attempts: readonly Host<HostState>[];
  /** Lines of the header that the session's envelope travels in, as the upstream saw them. */
  readonly requestHeader: readonly string[];
  /** The response's head after Limpet's edits. */
  readonly response: HeaderLines;
  readonly selection: Selection<HostState>;
  /** Edits that Limpet makes, and those that it would have made had the last host answered. */
  readonly edits: readonly HeaderEdit[];
  readonly editsHadItAnswered: readonly HeaderEdit[];
}

/** Takes a request through a selection the way the gateway does, against upstreams that behave as scripted. */
export function runExchange(
  route: ScriptedRoute,
  request: RecordedRequest,
  script: UpstreamScript,
  environment: SelectionEnvironment,
): ScriptedResult {
  const selection = new Selection(compileForward(route.action, route.balancerOf), request, environment);
  const target = selection.chooseTarget();
  for (const edit of selection.requestEdits) request.apply(edit);
  route.edit?.(request);
  const attempts: Host<HostState>[] = [];
  let status: number | null = null;
  let flags = 'UH';
  for (let host = target === null ? null : selection.next(); host !== null; host = selection.next()) {
    attempts.push(host);
    status = script.answer(host.address);
    const retriable = isRetriable(route.action.retry, status);
    const retries = route.action.retry?.retries ?? 0;
    flags = [status === null ? 'UF' : '', retriable && retries > 0 ? 'URX' : '']
      .filter((flag) => flag !== '')
      .join(',');
    if (!retriable || attempts.length > retries) break;
  }
  const last = attempts.at(-1) ?? null;
  const upstream = new HeaderLines(status === null ? [] : script.headers);
  const response = new HeaderLines(upstream.lines);
  const edits = selection.responseEdits(status === null ? null : last, upstream);
  for (const edit of edits) response.apply(edit);
  return {
    status: status ?? selection.failStatus,
    flags,
    attempts,
    requestHeader: request.values(envelopeHeader(route.action)),
    response,
    selection,
    edits,
    editsHadItAnswered: selection.responseEdits(last, upstream),
  };
}

/** Name of the header that the session travels in; empty: it has none. */
function envelopeHeader({ affinity }: ForwardAction): string {
  const carrier = affinity.kind === 'session' ? affinity.session.carriers[0] : undefined;
  if (carrier?.kind === 'envelope') return carrier.header;
  return carrier?.kind === 'header' ? carrier.name : '';
}

/** Envoy's meaning of retry_on, for what upstreams of recordings do: answer, or refuse the connection (null). */
function isRetriable(retry: RetryPolicy | null, status: number | null): boolean {
  if (retry === null) return false;
  const { on } = retry;
  if (status === null) {
    return (['5xx', 'gateway-error', 'reset', 'connect-failure', 'reset-before-request'] as const).some((condition) =>
      on.includes(condition),
    );
  }
  return (
    (status >= 500 && on.includes('5xx')) ||
    (status >= 502 && status <= 504 && on.includes('gateway-error')) ||
    (status === 409 && on.includes('retriable-4xx')) ||
    (on.includes('retriable-status-codes') && retry.statusCodes.includes(status))
  );
}
