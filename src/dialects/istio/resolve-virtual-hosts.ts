import type { Origin } from '../../model/origin.ts';
import type { Route } from '../../model/route.ts';
import { compareText, nameOf, originOf } from '../../resources/resource.ts';
import { isCatchAll } from './emit-match.ts';
import { emitRoute, type ResolvedRoute } from './emit-route.ts';
import type { SessionLabel } from './istio-service.ts';
import type { ActionContext } from './resolve-destination.ts';
import { isWildcard, toFullHost } from './resolve-names.ts';
import { resolveRoutes } from './resolve-routes.ts';
import type { BoundRules, ResolvedHost } from './resolve-virtual-services.ts';

/** Hosts that have the very same routes, in Istio's order of hosts; the first gives the virtual host its name. */
export interface SharedHosts {
  readonly first: ResolvedHost;
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  /** For routes that have no session of their own. */
  readonly session: HostSession | null;
}

export interface HostSession {
  readonly label: SessionLabel;
  readonly origin: Origin;
}

interface HostRoutes {
  readonly resolved: ResolvedHost;
  readonly routes: readonly Route[];
  readonly session: HostSession | null;
}

/** The virtual hosts of servers that share their routes, with those collapsed that do not differ (istio-affinity §3). */
export function resolveVirtualHosts(context: ActionContext, hosts: readonly ResolvedHost[]): SharedHosts[] {
  const routesOf = createRouteCache(context);
  const all = hosts.map((resolved): HostRoutes => {
    const routes = resolved.bound.flatMap(routesOf);
    return { resolved, routes, session: sessionOfHost(context, resolved) };
  });
  const ids = new Map<Route, number>();
  const idOf = (route: Route): number => {
    const id = ids.get(route) ?? ids.size;
    ids.set(route, id);
    return id;
  };
  const groups = Map.groupBy(
    all.toSorted((a, b) => bySpecificity(a.resolved.host, b.resolved.host)),
    ({ resolved, routes }) =>
      context.options.collapseHosts ? `${resolved.httpsRedirect} ${routes.map(idOf).join(' ')}` : resolved.host,
  );
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const domains = members.map(({ resolved }) => resolved.host);
    return [{ first: first.resolved, domains, routes: first.routes, session: sharedSession(context, members) }];
  });
}

/** A VirtualService has one set of routes for each Gateway, which all its hosts share. */
function createRouteCache(context: ActionContext): (bound: BoundRules) => readonly Route[] {
  const known = new Map<string, readonly Route[]>();
  return ({ service, server }) => {
    const key = `${server.gateway} ${nameOf(service.resource)}`;
    const routes = known.get(key) ?? reachableRoutes(resolveRoutes(context, service, server));
    known.set(key, routes);
    return routes;
  };
}

/** What comes after a catch-all of the same VirtualService can't be reached (istio-affinity §6). */
function reachableRoutes(rules: readonly (readonly ResolvedRoute[])[]): Route[] {
  const routes = rules.flatMap((rule) => rule.map(emitRoute));
  const end = routes.findIndex(({ match }) => isCatchAll(match));
  return end === -1 ? routes : routes.slice(0, end + 1);
}

/** Longest first, then by name; wildcards after all others. */
function bySpecificity(a: string, b: string): number {
  return Number(isWildcard(a)) - Number(isWildcard(b)) || b.length - a.length || compareText(a, b);
}

/** A host that is itself a labelled Service to which its rules send gives its session to all its routes (istio-affinity §8). */
function sessionOfHost({ registry, options }: ActionContext, { host, bound }: ResolvedHost): HostSession | null {
  const [first] = bound;
  if (first === undefined || !options.persistentSessions) return null;
  const isSentTo = first.service.rules.some(({ rule, resource }) =>
    [...rule.route, ...rule.mirrors, ...(rule.mirror === null ? [] : [{ destination: rule.mirror }])].some(
      ({ destination }) => toFullHost(destination.host, resource.metadata.namespace, options.clusterDomain) === host,
    ),
  );
  const service = isSentTo ? registry.forRoute(host, first.service.resource.metadata.namespace).service : undefined;
  if (!service?.session) return null;
  return { label: service.session, origin: originOf(service.resource, ['metadata', 'labels']) };
}

/**
 * Collapsed hosts share the session of the first of them. Istio drops it where another one has it, which here counts
 * for all of them.
 */
function sharedSession({ sink }: ActionContext, members: readonly HostRoutes[]): HostSession | null {
  const owner = members.find(({ session, routes }) => session !== null && routes.some(lacksSession));
  const [bound] = owner?.resolved.bound ?? [];
  if (owner !== undefined && bound !== undefined && owner !== members[0]) {
    const message = `the session of ${owner.resolved.host} is kept on all hosts with its routes; Istio drops it, because ${members[0]?.resolved.host} comes first`;
    const help = 'Give the Service a VirtualService of its own to get the same from both.';
    sink.report('note', 'bettered', bound.service.resource.position(['spec', 'hosts'], 'key'), message, help);
  }
  return owner?.session ?? null;
}

function lacksSession({ action }: Route): boolean {
  return action.kind === 'forward' && action.affinity.kind !== 'session';
}
