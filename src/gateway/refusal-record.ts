import type { Head } from '../http1/head.ts';
import type { AccessRecord } from '../telemetry/access-log.ts';

/** The log's record of bytes that never became a request. `head` has what is known of its start line, if anything is. */
export function refusalRecord(
  listener: string,
  head: Head | null,
  remoteAddress: string,
  status: number,
  flags: string,
  bytesSent: number,
): AccessRecord {
  return {
    startedAt: Date.now(),
    durationMillis: 0,
    requestId: '',
    listener,
    method: head?.method ?? '',
    authority: '',
    path: head?.target ?? '',
    protocol: 'HTTP/1.1',
    status,
    responseFlags: flags,
    upstreamServiceMillis: -1,
    bytesReceived: 0,
    bytesSent,
    downstreamRemoteAddress: remoteAddress,
    upstreamPod: '',
    route: '',
    attempts: 0,
    userAgent: '',
    decision: null,
  };
}
