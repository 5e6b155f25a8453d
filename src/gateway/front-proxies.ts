import type { ClientAddressPolicy, ClientAddressSource } from '../model/listener.ts';
import type { Snapshot } from '../model/model.ts';

/** What the operator knows of the proxies before the gateway; it takes the place of what the configuration says. */
export interface FrontProxies {
  /** Every connection begins with a PROXY protocol header; false: as the configuration says. */
  readonly proxyProtocol: boolean;
  /** Entries at the right of x-forwarded-for that proxies have written; null: as the configuration says. */
  readonly trustedHops: number | null;
}

export const NO_FRONT_PROXIES: FrontProxies = { proxyProtocol: false, trustedHops: null };

/** The snapshot with listeners that know of the proxies in front. */
export function withFrontProxies(snapshot: Snapshot, proxies: FrontProxies): Snapshot {
  const { proxyProtocol, trustedHops } = proxies;
  if (!proxyProtocol && trustedHops === null) return snapshot;
  const listeners = snapshot.model.listeners.map((listener) => ({
    ...listener,
    proxyProtocol: listener.proxyProtocol || proxyProtocol,
    clientAddress: trustedHops === null ? listener.clientAddress : withHops(listener.clientAddress, trustedHops),
  }));
  return { ...snapshot, model: { ...snapshot.model, listeners } };
}

function withHops(policy: ClientAddressPolicy, trustedHops: number): ClientAddressPolicy {
  return { ...policy, source: sourceWithHops(policy.source, trustedHops) };
}

/** Ranges of trusted proxies and a header of its own have no number of hops: they stay. */
function sourceWithHops(source: ClientAddressSource, trustedHops: number): ClientAddressSource {
  switch (source.kind) {
    case 'remoteAddress':
    case 'forwardedFor':
      return { ...source, trustedHops };
    case 'detectForwardedFor':
      return 'hops' in source.trust ? { ...source, trust: { hops: trustedHops } } : source;
    case 'detectHeader':
      return source;
  }
}
