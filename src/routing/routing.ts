import type { HttpProxy, VirtualHost } from '../model/listener.ts';
import type { RequestView } from '../model/request-view.ts';
import type { Route } from '../model/route.ts';
import { HostTable } from './host-table.ts';
import { RouteTable } from './route-table.ts';

/** The routes of one virtual host. */
export interface RouteMatcher<R> {
  readonly host: VirtualHost;
  /** The first route that matches, as compiled; undefined: none (404). CONNECT matches only routes that name it. */
  match(request: RequestView): R | undefined;
}

/** The virtual hosts that one kind of connection is matched against. */
export interface HostMatcher<R> {
  /** By the Host header's value; undefined: the host is not served (404). */
  findVirtualHost(authority: string): RouteMatcher<R> | undefined;
}

/**
 * Compiles virtual hosts for matching: a host is found in O(labels), a route in about O(path length), whatever their
 * number. `compileRoute` makes of each route what a match shall give. Matchers are not reentrant and hold no state
 * between calls.
 */
export function compileHosts<R>(
  proxy: HttpProxy,
  compileRoute: (route: Route, host: VirtualHost) => R,
): HostMatcher<R> {
  const hosts = new HostTable<RouteMatcher<R>>();
  for (const host of proxy.virtualHosts) {
    const matcher = compileHost(host, compileRoute);
    for (const domain of host.domains) hosts.add(domain, matcher);
  }
  return { findVirtualHost: (authority) => hosts.find(authority) };
}

function compileHost<R>(host: VirtualHost, compileRoute: (route: Route, host: VirtualHost) => R): RouteMatcher<R> {
  const compiled = new Map(host.routes.map((route) => [route, compileRoute(route, host)]));
  const createTable = (routes: readonly Route[]): RouteTable<R> =>
    new RouteTable(routes, (route) => compiled.get(route) as R);
  const all = createTable(host.routes);
  const tunnels = createTable(host.routes.filter(namesConnect));
  return { host, match: (request) => (request.method === 'CONNECT' ? tunnels : all).match(request) };
}

/** A route for all methods opens no tunnels: whoever wrote it did not think of them (decision 026). */
function namesConnect({ match }: Route): boolean {
  return match.headers.some(
    ({ name, match: value, invert }) =>
      name === ':method' && !invert && value.kind === 'exact' && value.value === 'CONNECT',
  );
}
