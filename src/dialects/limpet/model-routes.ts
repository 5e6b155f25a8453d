import type { FilterChain, Listener, VirtualHost } from '../../model/listener.ts';
import type { Model } from '../../model/model.ts';
import type { Route } from '../../model/route.ts';

/** The model with each of its HTTP routes replaced. */
export function mapRoutes(model: Model, change: (route: Route) => Route): Model {
  const changeHost = (host: VirtualHost): VirtualHost => ({ ...host, routes: host.routes.map(change) });
  const changeChain = (chain: FilterChain): FilterChain =>
    chain.proxy.kind === 'tcp'
      ? chain
      : { ...chain, proxy: { ...chain.proxy, virtualHosts: chain.proxy.virtualHosts.map(changeHost) } };
  const listeners = model.listeners.map((listener) => ({ ...listener, chains: listener.chains.map(changeChain) }));
  return { ...model, listeners };
}

/** Virtual hosts with whether the gateway itself ends TLS for them. */
export function* hostsWithTls(listener: Listener): Generator<{ readonly host: VirtualHost; readonly isTls: boolean }> {
  for (const { proxy, tls } of listener.chains) {
    if (proxy.kind !== 'http') continue;
    for (const host of proxy.virtualHosts) yield { host, isTls: tls !== null };
  }
}
