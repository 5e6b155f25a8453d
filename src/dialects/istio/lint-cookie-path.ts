import { formatPath, nameOf, type Resource } from '../../resources/resource.ts';
import type { Forward, ForwardTarget } from './lint-routes.ts';
import { sessionLabelPath } from './lint-session-label.ts';
import type { ActionContext } from './resolve-destination.ts';
import type { StringMatchSpec } from './schema-http-match.ts';

/** A cookie that is set on the answers of a route. */
interface RouteCookie {
  readonly name: string;
  readonly path: string;
  readonly resource: Resource;
  readonly at: readonly (string | number)[];
}

/**
 * Cookies whose path leaves out every request of a route that sets them. A client goes by the path that it asked for
 * (RFC 6265 §5.1.4), so what the route rewrites it to does not count.
 */
export function lintCookiePaths({ sink, options }: ActionContext, forwards: readonly Forward[]): void {
  for (const { rule, resource, path, targets } of forwards) {
    const uris = rule.match.map(({ uri }) => uri);
    if (uris.length === 0) continue;
    for (const cookie of targets.flatMap((target) => cookiesOf(target, options.persistentSessions))) {
      if (uris.some((uri) => mayReturn(uri, cookie.path))) continue;
      const route = `${formatPath(path)} of VirtualService ${nameOf(resource)}`;
      const message = `the cookie ${cookie.name} is set with the path ${cookie.path}, and no request that ${route} matches lies under it, so a client never sends it back`;
      const rewritten =
        rule.rewrite === null ? '' : ' What the route rewrites the path to does not count: the client does not see it.';
      const help = `Use the path / or one that the route's matches begin with.${rewritten}`;
      sink.report('warning', 'cookie-path', cookie.resource.position(cookie.at), message, help);
    }
  }
}

function cookiesOf({ hash, service }: ForwardTarget, hasSessions: boolean): RouteCookie[] {
  const cookies: RouteCookie[] = [];
  const cookie = hash?.value.httpCookie ?? null;
  if (hash !== null && cookie !== null && cookie.ttl !== null && cookie.path !== '') {
    const at = [...hash.path, 'httpCookie', 'path'];
    cookies.push({ name: cookie.name, path: cookie.path, resource: hash.resource, at });
  }
  if (hasSessions && service !== undefined && service.session?.kind === 'cookie') {
    const { name, path } = service.session;
    cookies.push({ name, path, resource: service.resource, at: sessionLabelPath(service) });
  }
  return cookies;
}

/** Whether some request that a match takes lies under a cookie's path. What a pattern takes is not looked into. */
function mayReturn(uri: StringMatchSpec | null, cookiePath: string): boolean {
  // RFC 6265 §5.2.4: what does not begin with a slash counts as the default path, which depends on the request.
  if (!cookiePath.startsWith('/') || uri === null) return true;
  if (uri.exact !== null) return isUnder(uri.exact.replace(/[?#].*$/, ''), cookiePath);
  if (uri.prefix === null) return true;
  return cookiePath.startsWith(uri.prefix) || isUnder(uri.prefix, cookiePath);
}

/** RFC 6265 §5.1.4. */
function isUnder(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false;
  return path === cookiePath || cookiePath.endsWith('/') || path[cookiePath.length] === '/';
}
