import type { Route, RouteAction } from '../../model/route.ts';
import type { GatewayAttachment } from '../../resources/attachment.ts';
import { originOf } from '../../resources/resource.ts';
import { emitForward, emitHeaderOps, emitRedirect } from './emit-action.ts';
import { emitMatch, MATCH_ALL } from './emit-match.ts';
import { emitSession } from './emit-session.ts';
import type { GatewayListener } from './resolve-listeners.ts';
import type { ResolvedRule } from './resolve-rules.ts';
import type { HttpRouteMatch } from './schema-http-route.ts';

export interface EmittedRoute {
  readonly match: HttpRouteMatch;
  readonly route: Route;
}

/** The routes of a rule at a listener, one for each of its matches, with what the attached systems add. */
export function emitRoutes(
  resolved: ResolvedRule,
  listener: GatewayListener,
  attachments: readonly GatewayAttachment[],
): EmittedRoute[] {
  const { rule, resource, path } = resolved;
  const action = emitAction(resolved, listener.spec.port);
  const matches = rule.matches.length === 0 ? [MATCH_ALL] : rule.matches;
  return matches.map((match, index) => {
    const route: Route = {
      name: rule.name,
      match: emitMatch(match),
      action,
      requestHeaders: emitHeaderOps(rule.filters, 'requestHeaderModifier'),
      responseHeaders: emitHeaderOps(rule.filters, 'responseHeaderModifier'),
      origin: originOf(resource, rule.matches.length === 0 ? path : [...path, 'matches', index]),
    };
    return { match, route: attach(resolved, listener, attachments, route) };
  });
}

function attach(
  { rule, resource, index, path, extensions }: ResolvedRule,
  listener: GatewayListener,
  attachments: readonly GatewayAttachment[],
  plain: Route,
): Route {
  const hasTimeout = rule.timeouts.request !== null || rule.timeouts.backendRequest !== null;
  const target = { route: resource, ruleIndex: index, rulePath: path, extensions, hasTimeout };
  return attachments.reduce(
    (route, attachment) => attachment.apply({ ...target, isOwnGateway: listener.owner === attachment }, route),
    plain,
  );
}

function emitAction(resolved: ResolvedRule, listenerPort: number): RouteAction {
  const { rule, isRefused } = resolved;
  if (isRefused) return { kind: 'respond', status: 500, body: '' };
  const redirect = rule.filters.find((filter) => filter.requestRedirect !== null)?.requestRedirect ?? null;
  if (redirect !== null) return emitRedirect(redirect, listenerPort);
  return emitForward(resolved, emitSession(resolved));
}
