import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { VirtualHost } from '../../model/listener.ts';
import type { Model } from '../../model/model.ts';
import { formatOrigin } from '../../model/origin.ts';
import type { PathMatch, Route } from '../../model/route.ts';
import type { SessionCookie, StrongSession } from '../../model/strong-session.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { hostsWithTls } from './model-routes.ts';

/** A cookie of a policy where it is set. */
interface PlacedCookie {
  readonly cookie: SessionCookie;
  readonly route: Route;
  readonly session: StrongSession;
  readonly policy: Resource;
  /** Of the carrier's `cookie`. */
  readonly path: FieldPath;
}

/** Says where a browser would not send a policy's cookie back, or would keep one for two sessions. */
export function reportCookiePlaces(model: Model, resources: ResourceSet, sink: DiagnosticSink): void {
  for (const listener of model.listeners) {
    for (const { host, isTls } of hostsWithTls(listener)) {
      const placed = host.routes.flatMap((route) => cookiesOf(route, resources));
      for (const one of placed) {
        reportPath(one, sink);
        reportDomain(one, host, sink);
        if (!isTls) reportPlainText(one, listener.port, sink);
      }
      reportShared(placed, host, sink);
    }
  }
}

function cookiesOf(route: Route, resources: ResourceSet): PlacedCookie[] {
  const { action } = route;
  if (action.kind !== 'forward' || action.affinity.kind !== 'strongSession' || action.affinityOrigin === null)
    return [];
  const { session } = action.affinity;
  const { namespace, name } = action.affinityOrigin;
  const policy = resources.get('limpet.dev', 'SessionPolicy', namespace, name);
  if (policy === undefined) return [];
  return session.carriers.flatMap((carrier, index) =>
    carrier.kind === 'cookie'
      ? [{ cookie: carrier.cookie, route, session, policy, path: ['spec', 'carrier', index, 'cookie'] }]
      : [],
  );
}

function reportPath({ cookie, route, policy, path }: PlacedCookie, sink: DiagnosticSink): void {
  const reach = reachOf(cookie.path, route.match.path);
  if (reach === 'all') return;
  const where = formatOrigin(route.origin);
  const message =
    reach === 'none'
      ? `the cookie's path ${cookie.path} holds no request of ${where}, so it never comes back there`
      : `the cookie's path ${cookie.path} holds only some requests of ${where}; the others begin new sessions`;
  const help = 'Leave path out, or give the path that the route begins with.';
  sink.report('warning', 'no-affinity', policy.position([...path, 'path']), message, help);
}

/** RFC 6265 §5.1.4. */
function reachOf(cookiePath: string, match: PathMatch): 'all' | 'some' | 'none' {
  if (cookiePath === '/' || match.kind === 'regex') return 'all';
  const { kind, value } = match;
  const isWithin =
    value === cookiePath ||
    (value.startsWith(cookiePath) && (cookiePath.endsWith('/') || value.charAt(cookiePath.length) === '/'));
  if (isWithin) return 'all';
  return kind !== 'exact' && cookiePath.startsWith(value) ? 'some' : 'none';
}

/** RFC 6265 §5.1.3: a browser takes a Domain that its host lies within, and that is no public suffix (§5.3). */
function reportDomain({ cookie, policy, path }: PlacedCookie, host: VirtualHost, sink: DiagnosticSink): void {
  if (cookie.domain === '') return;
  const at = policy.position([...path, 'domain']);
  if (!cookie.domain.includes('.') && !host.domains.includes(cookie.domain)) {
    const message = `browsers drop a cookie for all of ${cookie.domain}, which is no domain of anybody's`;
    sink.report('warning', 'no-affinity', at, message, 'Leave domain out.');
    return;
  }
  for (const domain of host.domains) {
    const name = domain.replace(/^\*\.?/, '');
    if (name === '' || name === cookie.domain || name.endsWith(`.${cookie.domain}`)) continue;
    const message = `browsers drop the cookie on ${domain}, which does not lie within its domain ${cookie.domain}`;
    sink.report('warning', 'no-affinity', at, message, 'Leave domain out.');
  }
}

function reportPlainText({ cookie, policy, path }: PlacedCookie, port: number, sink: DiagnosticSink): void {
  if (cookie.secure !== 'always') return;
  const message = `port ${port} is plain text: the cookie ${cookie.name} comes back only where clients speak https to a proxy before it`;
  sink.report('note', 'no-affinity', policy.position([...path, 'name']), message);
}

/**
 * A browser keeps one cookie for a name, a domain and a path. A route takes the token of another scope than its own for
 * none and writes its own over it, so that all routes of a cookie have to have all its scopes.
 */
function reportShared(placed: readonly PlacedCookie[], host: VirtualHost, sink: DiagnosticSink): void {
  const byCookie = Map.groupBy(placed, ({ cookie }) => `${cookie.name} ${cookie.domain} ${cookie.path}`);
  for (const [first, ...others] of byCookie.values()) {
    const scopes = new Set(first?.session.scopes);
    const other = others.find(({ session }) => !isSameSet(scopes, new Set(session.scopes)));
    if (first === undefined || other === undefined) continue;
    const names = `${formatOrigin(first.route.origin)} and of ${formatOrigin(other.route.origin)}`;
    const isPart = other.session.scopes.some((scope) => scopes.has(scope));
    const why = isPart
      ? ', and only one of them has the pods of all: other sessions end at the other route'
      : ' in turn';
    const message = `on ${host.domains[0]} the cookie ${other.cookie.name} carries the sessions of ${names}${why}`;
    const help =
      'Each overwrites the other. Give each a policy of its own, with another cookie name or path; sectionName names a rule.';
    sink.report('warning', 'conflict', other.policy.position([...other.path, 'name']), message, help);
  }
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each));
}
