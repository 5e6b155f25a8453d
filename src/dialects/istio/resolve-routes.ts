import { CATCH_ALL, emitMatch } from './emit-match.ts';
import type { ResolvedRoute } from './emit-route.ts';
import type { GatewayServer } from './gateway-server.ts';
import { resolveAction } from './resolve-actions.ts';
import type { ActionContext } from './resolve-destination.ts';
import type { VirtualService } from './resolve-virtual-services.ts';
import type { HttpMatch } from './schema-http-match.ts';

/** The routes of each rule of a VirtualService that apply at a server, in order; a rule has one for each of its matches. */
export function resolveRoutes(
  context: ActionContext,
  service: VirtualService,
  server: GatewayServer,
): ResolvedRoute[][] {
  return service.rules.map(({ rule, resource, path }) => {
    const matches = rule.match.map((item, at) => ({ item, at })).filter(({ item }) => appliesAt(item, server, context));
    if (rule.match.length > 0 && matches.length === 0) return [];
    const action = resolveAction(context, rule, resource, path, server.port);
    const common = { rule, action, port: server.port, hasTls: server.tls !== null, resource };
    if (rule.match.length === 0) return [{ ...common, matchName: '', match: CATCH_ALL, path }];
    return matches.map(({ item, at }) => ({
      ...common,
      matchName: item.name,
      match: emitMatch(item),
      path: [...path, 'match', at],
    }));
  });
}

/** Conditions on the gateway itself: its port, and its name or else its pod, which Istio looks at where none is named. */
function appliesAt(match: HttpMatch, server: GatewayServer, { options }: ActionContext): boolean {
  if (match.port !== null && match.port !== server.port) return false;
  if (match.gateways.length > 0) return match.gateways.includes(server.gateway);
  if (match.sourceNamespace !== '' && match.sourceNamespace !== options.namespace) return false;
  return Object.entries(match.sourceLabels).every(([key, value]) => options.labels[key] === value);
}
