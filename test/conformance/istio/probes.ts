import type { FilterChain, HttpProxy, Listener } from '../../../src/model/listener.ts';
import type { Model } from '../../../src/model/model.ts';
import type { Route } from '../../../src/model/route.ts';
import { compileHosts } from '../../../src/routing/routing.ts';
import { createRequestView } from '../../support/request-view.ts';
import type { JsonObject } from './json.ts';

/** Where a request ends up, in the terms of Istio's route simulator. The port, the SNI, the host and the path decide. */
export function probe(model: Model, request: JsonObject): JsonObject {
  const listener = model.listeners.find(({ port }) => port === request['port']);
  if (listener === undefined) return { error: 'no listener matched' };
  const at = { listener: listener.name };
  const isTls = request['tls'] !== undefined;
  const chain = findChain(listener, isTls ? String(request['sni'] ?? '') : null);
  if (chain === null) return { ...at, error: 'no filter chains matched' };
  const { proxy } = chain;
  if (proxy.kind === 'tcp') return { ...at, ...onlyCluster(proxy.targets) };
  return { ...at, routeConfig: chain.name, ...probeHosts(proxy, request, isTls) };
}

function probeHosts(proxy: HttpProxy, request: JsonObject, isTls: boolean): JsonObject {
  const authority = String(request['host']);
  const matcher = compileHosts(proxy, (route): Route => route).findVirtualHost(authority);
  if (matcher === undefined) return { error: 'no virtual host matched' };
  const at = { virtualHost: matcher.host.name };
  if (matcher.host.requireTls && !isTls) return { ...at, error: 'tls required, sending 301' };
  const view = createRequestView({ authority, path: String(request['path']), scheme: isTls ? 'https' : 'http' });
  const route = matcher.match(view);
  if (route === undefined) return { ...at, error: 'no route matched' };
  const name = route.name === '' ? {} : { route: route.name };
  return { ...at, ...name, ...(route.action.kind === 'forward' ? onlyCluster(route.action.targets) : {}) };
}

/** Which of several clusters is chosen is a matter of chance. */
function onlyCluster(targets: readonly { readonly cluster: string; readonly weight: number }[]): JsonObject {
  const [only, ...others] = targets.filter(({ weight }) => targets.length === 1 || weight > 0);
  return only === undefined || others.length > 0 ? {} : { cluster: only.cluster };
}

/** The chain whose server names cover the SNI best; null for `sni`: plain text. */
function findChain({ chains }: Listener, sni: string | null): FilterChain | null {
  const isExact = ({ serverNames }: FilterChain): boolean => sni !== null && serverNames.includes(sni);
  const exact = chains.find(isExact);
  if (exact !== undefined) return exact;
  const suffixes = chains
    .flatMap((chain) =>
      chain.serverNames.map((name) => ({ chain, suffix: name.slice(1), isWildcard: name.startsWith('*.') })),
    )
    .filter(({ suffix, isWildcard }) => isWildcard && sni?.endsWith(suffix))
    .toSorted((a, b) => b.suffix.length - a.suffix.length);
  return suffixes[0]?.chain ?? chains.find(({ serverNames }) => serverNames.length === 0) ?? null;
}
