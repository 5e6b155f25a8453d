import { ClientAddressResolver } from '../../../src/affinity/client-address.ts';
import { ForwardedHeaders } from '../../../src/affinity/forwarded-headers.ts';
import { formatAddress } from '../../../src/model/address.ts';
import type { ClientAddressPolicy } from '../../../src/model/listener.ts';
import type { RecordedRequest } from './recorded-request.ts';

/** What stands for a request id that was made up. */
export const GENERATED_ID = '<generated uuid>';

/**
 * Finds the client of a request that came from `peerIp:peerPort` and gives the request the forwarding headers that the
 * upstream sees, as the gateway does before it routes.
 */
export function identifyClient(
  request: RecordedRequest,
  policy: ClientAddressPolicy,
  peerIp: string,
  peerPort: number,
): ForwardedHeaders {
  const found = new ForwardedHeaders();
  new ClientAddressResolver(policy).resolve(request, { peerIp, secure: false }, () => GENERATED_ID, found);
  request.clientIp = found.clientIp;
  request.clientPort = found.portKept ? peerPort : 0;
  request.remoteAddress = formatAddress(peerIp, peerPort);
  setHeader(request, 'x-forwarded-for', found.forwardedFor);
  setHeader(request, 'x-forwarded-proto', found.forwardedProto);
  setHeader(request, 'x-envoy-external-address', found.externalAddress);
  setHeader(request, 'x-request-id', found.requestId);
  setHeader(request, 'x-envoy-internal', found.internal ? 'true' : null);
  for (const name of found.dropped) request.remove(name);
  return found;
}

function setHeader(request: RecordedRequest, name: string, value: string | null): void {
  if (value === null) request.remove(name);
  else request.apply({ op: 'set', name, value });
}
