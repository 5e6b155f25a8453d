import { toByteString } from '../model/byte-string.ts';
import type { HttpProxy, VirtualHost } from '../model/listener.ts';
import type { Origin } from '../model/origin.ts';
import type { PathMatch, RedirectAction, RespondAction, Route } from '../model/route.ts';
import type { EmitContext } from './emit-context.ts';
import { emitFilterConfig } from './filter-config.ts';
import { emitForward } from './forward-action.ts';
import { emitHeaderOps } from './header-options.ts';
import { emitRedirectPath } from './path-rewrite.ts';
import { type Message, message, unlessEmpty } from './proto-json.ts';
import { emitRouteMatch } from './route-match.ts';

/** Longest body that any dialect takes for a direct response. */
const MAX_DIRECT_RESPONSE_BYTES = 1_048_576;

/** A RouteConfiguration. A route may name a cluster that is not there; its requests are answered 503. */
export function emitRouteConfiguration(context: EmitContext, name: string, { virtualHosts }: HttpProxy): Message {
  return {
    name,
    virtualHosts: virtualHosts.map((host) => emitVirtualHost(context, host)),
    ignorePortInHostMatching: true,
    maxDirectResponseBodySizeBytes: MAX_DIRECT_RESPONSE_BYTES,
    validateClusters: false,
  };
}

function emitVirtualHost(context: EmitContext, host: VirtualHost): Message {
  return message({
    name: host.name,
    domains: [...host.domains],
    routes: host.routes.map((route) => emitRoute(context, route)),
    requireTls: host.requireTls ? 'ALL' : null,
    includeRequestAttemptCount: host.includeAttemptCount || null,
  });
}

function emitRoute(context: EmitContext, route: Route): Message {
  const { name, match, action, origin } = route;
  return message({
    name: name || null,
    match: emitRouteMatch(match),
    ...emitAction(context, route),
    typedPerFilterConfig: action.kind === 'forward' ? unlessEmpty(emitFilterConfig(context, action, origin)) : null,
    ...emitHeaderOps(route.requestHeaders, route.responseHeaders),
    metadata: { filterMetadata: { limpet: emitOrigin(origin) } },
  });
}

/** For people who read Envoy's configuration; nothing in Envoy looks at it. */
function emitOrigin({ kind, namespace, name, field }: Origin): Message {
  return message({ kind, namespace: namespace || null, name, field: field || null });
}

function emitAction(context: EmitContext, { match, action, origin }: Route): Message {
  switch (action.kind) {
    case 'redirect':
      return { redirect: emitRedirect(action, match.path) };
    case 'respond':
      return { directResponse: emitResponse(action) };
    case 'forward':
      // Envoy takes no weighted clusters of which none has a weight.
      if (action.targets.every(({ weight }) => weight === 0)) {
        return { directResponse: { status: action.emptyStatus } };
      }
      return { route: emitForward(context, action, match.path, origin) };
  }
}

const REDIRECT_CODES: ReadonlyMap<number, string> = new Map([
  [302, 'FOUND'],
  [303, 'SEE_OTHER'],
  [307, 'TEMPORARY_REDIRECT'],
  [308, 'PERMANENT_REDIRECT'],
]);

function emitRedirect(redirect: RedirectAction, match: PathMatch): Message {
  return message({
    schemeRedirect: redirect.scheme,
    hostRedirect: redirect.host,
    portRedirect: redirect.port,
    ...(redirect.path === null ? {} : emitRedirectPath(redirect.path, match)),
    responseCode: REDIRECT_CODES.get(redirect.status),
  });
}

function emitResponse({ status, body }: RespondAction): Message {
  if (body === '') return { status };
  const bytes = Buffer.from(body, 'latin1');
  const text = bytes.toString('utf8');
  const isText = toByteString(text) === body;
  return { status, body: isText ? { inlineString: text } : { inlineBytes: bytes.toString('base64') } };
}
