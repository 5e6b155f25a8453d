import type { AccessRecord } from '../telemetry/access-log.ts';

/** The log's record of bytes that never became a request. */
export function refusalRecord(
  listener: string,
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
    method: '',
    authority: '',
    path: '',
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
