import type { UpstreamFailure } from './upstream-connection.ts';

/** What the client is told when no attempt brought a response. */
export interface FailureReply {
  readonly status: number;
  /** Envoy's response flag. */
  readonly flag: string;
  readonly body: string;
}

const PREFIX = 'upstream connect error or disconnect/reset before headers. reset reason: ';

const REPLIES: { readonly [failure in UpstreamFailure]: FailureReply } = {
  'connect-refused': { status: 503, flag: 'UF', body: `${PREFIX}connection failure` },
  'connect-timeout': { status: 503, flag: 'UF', body: `${PREFIX}connection timeout` },
  'reset-before-response': { status: 503, flag: 'UC', body: `${PREFIX}connection termination` },
  stale: { status: 503, flag: 'UC', body: `${PREFIX}connection termination` },
  reset: { status: 502, flag: 'UC', body: `${PREFIX}connection termination` },
  protocol: { status: 502, flag: 'UPE', body: `${PREFIX}protocol error` },
};

/** Status, flag and body by Envoy's rules (envoy-affinity §9.7); a response that breaks the protocol is a 502. */
export function replyToFailure(failure: UpstreamFailure): FailureReply {
  return REPLIES[failure];
}
