import type { UpstreamFailure } from './upstream-connection.ts';

/** What the client is told when no attempt brought a response. */
export interface FailureReply {
  readonly status: number;
  /** Envoy's response flag. */
  readonly flag: string;
  readonly body: string;
}

const PREFIX = 'upstream connect error or disconnect/reset before headers. ';

const REPLIES: { readonly [failure in UpstreamFailure]: FailureReply } = {
  'connect-refused': { status: 503, flag: 'UF', body: 'reset reason: connection failure' },
  'connect-timeout': { status: 503, flag: 'UF', body: 'reset reason: connection timeout' },
  'reset-before-response': { status: 503, flag: 'UC', body: 'reset reason: connection termination' },
  stale: { status: 503, flag: 'UC', body: 'reset reason: connection termination' },
  reset: { status: 502, flag: 'UC', body: 'reset reason: connection termination' },
  protocol: { status: 502, flag: 'UPE', body: 'reset reason: protocol error' },
};

/** Status, flag and body by Envoy's rules (envoy-affinity §9.7); a response that breaks the protocol is a 502. */
export function replyToFailure(failure: UpstreamFailure, detail: string, isRetried: boolean): FailureReply {
  const { status, flag, body } = REPLIES[failure];
  const cause = detail === '' ? '' : ` (${detail})`;
  return { status, flag, body: `${PREFIX}${isRetried ? 'retried and the latest ' : ''}${body}${cause}\n` };
}

/** The cluster's circuit breaker is open: nothing was sent, and no other host is tried. */
export const OVERFLOW_REPLY: FailureReply = { status: 503, flag: 'UO', body: `${PREFIX}reset reason: overflow\n` };
