import { canonicalIp } from '../model/address.ts';
import type { ClientAddressPolicy } from '../model/listener.ts';
import { CidrSet } from './cidr-set.ts';
import type { HeaderLookup } from './cookie.ts';
import {
  DROPPED_AT_EDGE,
  DROPPED_FROM_EXTERNAL,
  DROPPED_FROM_INTERNAL,
  type ForwardedHeaders,
} from './forwarded-headers.ts';

/** The connection that a request came on. */
export interface PeerConnection {
  /** Address of the other end (after PROXY protocol), no port, no brackets. */
  readonly peerIp: string;
  readonly secure: boolean;
}

/** What a policy for finding the client found. */
interface Detection {
  /** null: not found, the client is the peer. */
  readonly ip: string | null;
  /** The address may make the request an internal one: it is the only one there is. */
  readonly alone: boolean;
  /** The peer is appended to x-forwarded-for. */
  readonly append: boolean;
}

type Detect = (peerIp: string, forwardedFor: string | null, headers: HeaderLookup) => Detection;

/** Finds the trusted client of every request of a listener, and what the upstream is told about it (envoy-affinity §11). */
export class ClientAddressResolver {
  readonly #policy: ClientAddressPolicy;
  readonly #detect: Detect;
  readonly #internal: CidrSet;

  constructor(policy: ClientAddressPolicy) {
    this.#policy = policy;
    this.#detect = compileDetect(policy);
    this.#internal = new CidrSet(policy.internalCidrs);
  }

  /** Writes its findings to `out`. `createRequestId` is called only if the request needs a new id. */
  resolve(
    headers: HeaderLookup,
    connection: PeerConnection,
    createRequestId: () => string,
    out: ForwardedHeaders,
  ): void {
    const { source } = this.#policy;
    const { peerIp } = connection;
    const received = readJoined(headers, 'x-forwarded-for');
    const { ip, alone, append } = this.#detect(peerIp, received, headers);
    out.clientIp = ip ?? peerIp;
    out.portKept = ip === null;
    out.forwardedFor = append ? appendForwardedFor(received, peerIp) : received;
    out.forwardedProto = this.#forwardedProto(headers, connection.secure);
    out.internal = alone && this.#internal.hasText(out.clientIp);
    const isEdge = source.kind === 'remoteAddress' && !out.internal;
    out.externalAddress = isEdge ? out.clientIp : readJoined(headers, 'x-envoy-external-address');
    out.requestId = this.#requestId(headers, isEdge, createRequestId);
    out.dropped = out.internal ? DROPPED_FROM_INTERNAL : isEdge ? DROPPED_AT_EDGE : DROPPED_FROM_EXTERNAL;
  }

  /** §11.4: a hop that is not trusted has no say in it. */
  #forwardedProto(headers: HeaderLookup, secure: boolean): string {
    const { scheme, source } = this.#policy;
    if (scheme !== null) return scheme;
    const connection = secure ? 'https' : 'http';
    if (source.kind === 'remoteAddress' && source.trustedHops === 0) return connection;
    return readJoined(headers, 'x-forwarded-proto') ?? connection;
  }

  /** §11.6: the edge does not take an id from a client unless told to. */
  #requestId(headers: HeaderLookup, isEdge: boolean, createRequestId: () => string): string | null {
    const { requestId } = this.#policy;
    if (isEdge && requestId === 'generate') return createRequestId();
    return readJoined(headers, 'x-request-id') ?? (requestId === 'off' ? null : createRequestId());
  }
}

/** One function per way of finding the client, so that a request does not ask which it is. */
function compileDetect({ source }: ClientAddressPolicy): Detect {
  switch (source.kind) {
    case 'remoteAddress': {
      const { trustedHops, appendForwardedFor: append } = source;
      return (_peerIp, forwardedFor) => {
        const ip = trustedHops === 0 ? null : addressFromRight(forwardedFor, trustedHops - 1);
        return { ip, alone: forwardedFor === null, append };
      };
    }
    case 'forwardedFor':
      return (_peerIp, forwardedFor) => detectByHops(forwardedFor, source.trustedHops, false);
    case 'detectForwardedFor': {
      const { trust, appendForwardedFor: append } = source;
      if ('hops' in trust) return (_peerIp, forwardedFor) => detectByHops(forwardedFor, trust.hops, append);
      const trusted = new CidrSet(trust.cidrs);
      return (peerIp, forwardedFor) => {
        // A peer that is no trusted proxy is the client, and is noted down whatever the setting says (§11.3).
        if (!trusted.hasText(peerIp)) return { ip: null, alone: false, append: true };
        const ip = lastUntrusted(forwardedFor, trusted);
        return { ip, alone: ip !== null && !forwardedFor?.includes(','), append };
      };
    }
    case 'detectHeader': {
      const name = source.name.toLowerCase();
      return (_peerIp, _forwardedFor, headers) => {
        const index = headers.findHeader(name, 0);
        return { ip: index < 0 ? null : canonicalIp(headers.headerValue(index)), alone: false, append: false };
      };
    }
  }
}

/** The entry behind `hops` others from the right, as of a proxy that is trusted to have written those (§11.1). */
function detectByHops(forwardedFor: string | null, hops: number, append: boolean): Detection {
  const ip = addressFromRight(forwardedFor, hops);
  return { ip, alone: ip !== null && hops === 0 && !forwardedFor?.includes(','), append };
}

/** The entry of an x-forwarded-for after `skip` others from the right, or null if there is none or it is no address. */
function addressFromRight(forwardedFor: string | null, skip: number): string | null {
  if (forwardedFor === null) return null;
  let end = forwardedFor.length;
  for (let i = 0; i < skip; i++) {
    end = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1);
    if (end < 0) return null;
  }
  const start = end === 0 ? 0 : forwardedFor.lastIndexOf(',', end - 1) + 1;
  return canonicalIp(trimBlanks(forwardedFor.slice(start, end)));
}

/** The first address from the right that is no trusted proxy; the leftmost if all are; null at an entry that is no address. */
function lastUntrusted(forwardedFor: string | null, trusted: CidrSet): string | null {
  if (forwardedFor === null) return null;
  let last: string | null = null;
  for (const entry of forwardedFor.split(',').reverse()) {
    last = canonicalIp(trimBlanks(entry));
    if (last === null || !trusted.hasText(last)) return last;
  }
  return last;
}

/** Not String.trim: that would also take a no-break space, which is byte A0 here. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Without a space, and alone where nothing was received (§11.2). */
function appendForwardedFor(received: string | null, peerIp: string): string {
  return received === null || received === '' ? peerIp : `${received},${peerIp}`;
}

/** A header's lines as one value, joined as Envoy joins those of one slot; null: absent. */
function readJoined(headers: HeaderLookup, name: string): string | null {
  let index = headers.findHeader(name, 0);
  if (index < 0) return null;
  let joined = headers.headerValue(index);
  for (index = headers.findHeader(name, index + 1); index >= 0; index = headers.findHeader(name, index + 1)) {
    joined += `,${headers.headerValue(index)}`;
  }
  return joined;
}
