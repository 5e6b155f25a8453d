import { toByteString } from '../model/byte-string.ts';
import type { RequestView } from '../model/request-view.ts';
import type { PathMatch, RedirectAction } from '../model/route.ts';
import { compilePathRewrite, type PathRewriter } from './path-rewrite.ts';

/**
 * Compiles a redirect to a function that gives the Location of a request: an absolute URI in which what the action
 * leaves open is the request's own. A port given is written unless it is the scheme's standard one; otherwise the Host's
 * own port stays, but not behind another host name, and not when it was the standard port of the scheme left behind.
 */
export function compileRedirect(action: RedirectAction, match: PathMatch): (request: RequestView) => string {
  const { scheme, port } = action;
  const host = action.host === null ? null : toByteString(action.host);
  const rewrite: PathRewriter = action.path === null ? (target) => target : compilePathRewrite(action.path, match);
  return (request) => {
    const target = rewrite(request.path);
    const newScheme = scheme ?? request.scheme;
    return `${newScheme}://${newAuthority(request, newScheme, host, port)}${target}`;
  };
}

/** Where a cleartext request to a host that requires TLS is sent: the same URI with https. */
export function toHttpsLocation(request: RequestView): string {
  return `https://${newAuthority(request, 'https', null, null)}${request.path}`;
}

function newAuthority(request: RequestView, newScheme: string, host: string | null, port: number | null): string {
  if (port !== null) {
    const name = host ?? splitPort(request.authority)[0];
    return `:${port}` === standardPort(newScheme) ? name : `${name}:${port}`;
  }
  if (host !== null) return host;
  const [name, oldPort] = splitPort(request.authority);
  const leavesStandardPort = newScheme !== request.scheme && oldPort === standardPort(request.scheme);
  return leavesStandardPort ? name : request.authority;
}

/** `host[:port]` as the host and the port with its colon (empty: none); an IPv6 address keeps its brackets. */
function splitPort(authority: string): [host: string, port: string] {
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.indexOf(']', colon) >= 0) return [authority, ''];
  return [authority.slice(0, colon), authority.slice(colon)];
}

function standardPort(scheme: string): string {
  return scheme === 'https' ? ':443' : ':80';
}
