import { toByteString } from '../../model/byte-string.ts';
import {
  type ForwardAction,
  type HeaderOps,
  NO_HEADER_OPS,
  type PathRewrite,
  type RedirectAction,
  type RespondAction,
  type Route,
  type RouteMatch,
  type WeightedTarget,
} from '../../model/route.ts';
import { unescapePercent } from '../../resources/http-fields.ts';
import { type FieldPath, originOf, type Resource } from '../../resources/resource.ts';
import { emitCors, emitFault } from './emit-http-filters.ts';
import { emitRetry } from './emit-retry.ts';
import type { ResolvedAction, ResolvedTarget } from './resolve-actions.ts';
import {
  type DirectResponse,
  type HeaderOperations,
  type HeadersSpec,
  type HttpRedirect,
  type HttpRewrite,
  NO_HEADERS,
} from './schema-http-action.ts';
import type { HttpRule } from './schema-virtual-service.ts';

/** One item of a rule's `match`, with what the rule does. */
export interface ResolvedRoute {
  readonly rule: HttpRule;
  readonly matchName: string;
  readonly match: RouteMatch;
  readonly action: ResolvedAction;
  /** Port of the server that the route is for. */
  readonly port: number;
  /** The server says something of TLS, if only that it redirects to it. */
  readonly hasTls: boolean;
  readonly resource: Resource;
  readonly path: FieldPath;
}

export function emitRoute(route: ResolvedRoute): Route {
  const { rule, matchName, match, action, resource, path } = route;
  const own = rule.headers ?? NO_HEADERS;
  // A single destination's header operations are the route's, after its own (istio-affinity §6).
  const only = action.kind === 'forward' && !action.isWeighted ? action.targets[0] : undefined;
  return {
    name: matchName === '' ? rule.name : `${rule.name}.${matchName}`,
    match,
    action: emitAction(route),
    requestHeaders: joinOps(emitOps(own.request), only && emitOps(only.headers.request)),
    responseHeaders: joinOps(emitOps(own.response), only && emitOps(only.headers.response)),
    origin: originOf(resource, path),
  };
}

function emitAction({ rule, action, port, hasTls }: ResolvedRoute): ForwardAction | RedirectAction | RespondAction {
  switch (action.kind) {
    case 'redirect':
      return emitRedirect(action.redirect, port, hasTls);
    case 'respond':
      return emitResponse(action.response);
    case 'forward': {
      const { isWeighted, targets } = action;
      return {
        kind: 'forward',
        targets: targets.map((target) => emitTarget(target, isWeighted)),
        emptyStatus: 503,
        targetByHash: false,
        affinity: action.affinity,
        affinityOrigin: action.affinityOrigin,
        timeoutMillis: rule.timeout,
        retry: emitRetry(action.retries, action.isHashed && !isWeighted),
        pathRewrite: emitPathRewrite(rule.rewrite),
        hostRewrite: rule.rewrite?.authority || hostInOps([rule.headers, isWeighted ? null : targets[0]?.headers]),
        mirrors: action.mirrors,
        cors: rule.corsPolicy === null ? null : emitCors(rule.corsPolicy),
        fault: rule.fault === null ? null : emitFault(rule.fault),
        idleTimeoutMillis: null,
      };
    }
  }
}

function emitTarget(target: ResolvedTarget, isWeighted: boolean): WeightedTarget {
  return {
    cluster: target.cluster,
    weight: isWeighted ? target.weight : 1,
    subset: null,
    hostRewrite: isWeighted ? hostInOps([target.headers]) : null,
    requestHeaders: isWeighted ? emitOps(target.headers.request) : NO_HEADER_OPS,
    responseHeaders: isWeighted ? emitOps(target.headers.response) : NO_HEADER_OPS,
  };
}

function isHost(name: string): boolean {
  return ['host', ':authority'].includes(name.toLowerCase());
}

/** Setting or adding Host is a host rewrite (istio-affinity §6). */
function hostInOps(levels: readonly (HeadersSpec | null | undefined)[]): string | null {
  for (const level of levels) {
    for (const [name, value] of Object.entries({ ...level?.request.add, ...level?.request.set })) {
      if (isHost(name)) return unescapePercent(value);
    }
  }
  return null;
}

function emitOps(operations: HeaderOperations): HeaderOps {
  const pairs = (values: Readonly<Record<string, string>>) =>
    Object.entries(values)
      .filter(([name]) => !isHost(name))
      .map(([name, value]) => [name.toLowerCase(), unescapePercent(value)] as const);
  return {
    set: pairs(operations.set),
    add: pairs(operations.add),
    remove: operations.remove.map((name) => name.toLowerCase()),
  };
}

function joinOps(first: HeaderOps, second: HeaderOps | undefined): HeaderOps {
  if (second === undefined) return first;
  return {
    set: [...first.set, ...second.set],
    add: [...first.add, ...second.add],
    remove: [...first.remove, ...second.remove],
  };
}

/** `uri` takes the place of what matched: the prefix, or all of the path where that was matched whole. */
function emitPathRewrite(rewrite: HttpRewrite | null): PathRewrite | null {
  if (rewrite === null) return null;
  if (rewrite.uriRegexRewrite !== null) {
    const { match: pattern, rewrite: substitution } = rewrite.uriRegexRewrite;
    return { kind: 'regex', pattern, substitution };
  }
  return rewrite.uri === '' ? null : { kind: 'prefix', value: rewrite.uri };
}

const PREFIX_MARK = '%PREFIX()%';

/** The port that a scheme means is not written; where none is given, it is the server's (istio-affinity §6). */
function emitRedirect(redirect: HttpRedirect, port: number, hasTls: boolean): RedirectAction {
  const { uri } = redirect;
  const path: PathRewrite | null =
    uri === ''
      ? null
      : uri.startsWith(PREFIX_MARK)
        ? { kind: 'prefix', value: uri.slice(PREFIX_MARK.length) }
        : { kind: 'full', value: uri };
  const wanted = redirect.port ?? (redirect.derivePort === 'FROM_REQUEST_PORT' ? port : null);
  const scheme = redirect.scheme === '' ? null : redirect.scheme;
  const target = scheme ?? (hasTls ? 'https' : 'http');
  const isStandard = (wanted === 80 && target === 'http') || (wanted === 443 && target === 'https');
  return {
    kind: 'redirect',
    status: redirect.redirectCode || 301,
    scheme,
    host: redirect.authority === '' ? null : redirect.authority,
    port: isStandard ? null : wanted,
    path,
  };
}

function emitResponse({ status, body }: DirectResponse): RespondAction {
  const text = body?.bytes ? Buffer.from(body.bytes, 'base64').toString('latin1') : toByteString(body?.string ?? '');
  return { kind: 'respond', status, body: text };
}
