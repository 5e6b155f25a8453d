import { hashPoliciesOf } from '../model/affinity.ts';
import type { Origin } from '../model/origin.ts';
import type { ForwardAction, HeaderOps, Mirror, PathMatch, WeightedTarget } from '../model/route.ts';
import { type EmitContext, reportInexpressible } from './emit-context.ts';
import { emitHashPolicy } from './hash-policy.ts';
import { emitHeaderOps } from './header-options.ts';
import { emitPathRewrite } from './path-rewrite.ts';
import { duration, fractionalPercent, type Message, message, unlessEmpty } from './proto-json.ts';
import { emitRetryPolicy } from './retry-policy.ts';

/** Named by shares that go nowhere; there is no cluster of this name, so that they are answered `emptyStatus`. */
const NO_CLUSTER = 'none';

/** A RouteAction for a forward action that has targets. */
export function emitForward(context: EmitContext, action: ForwardAction, match: PathMatch, origin: Origin): Message {
  const { affinity, timeoutMillis, retry } = action;
  const policies = hashPoliciesOf(affinity);
  reportSplit(context, action, origin);
  return message({
    ...emitTargets(context, action, origin),
    ...emitTimeouts(timeoutMillis),
    idleTimeout: action.idleTimeoutMillis === null ? null : duration(action.idleTimeoutMillis),
    retryPolicy: retry === null ? null : emitRetryPolicy(retry),
    hashPolicy: policies.map(emitHashPolicy),
    ...(action.pathRewrite === null ? {} : emitPathRewrite(action.pathRewrite, match)),
    hostRewriteLiteral: action.hostRewrite,
    requestMirrorPolicies: action.mirrors.map(emitMirror),
  });
}

/** Envoy's own default is 15 s, so that no limit has to be said. A gRPC client may ask for less. */
function emitTimeouts(timeoutMillis: number | null): Message {
  const timeout = duration(timeoutMillis ?? 0);
  return { timeout, maxGrpcTimeout: timeout };
}

function emitTargets(context: EmitContext, action: ForwardAction, origin: Origin): Message {
  const { targetByHash, emptyStatus } = action;
  const targets = drawnTargets(action);
  const missing = targets.some(({ cluster }) => cluster === '') ? emitNotFound(context, emptyStatus, origin) : {};
  const [only] = targets;
  if (targets.length === 1 && only !== undefined && !isOwnEntry(only)) {
    return message({ ...missing, cluster: only.cluster || NO_CLUSTER, metadataMatch: emitSubset(only.subset) });
  }
  const clusters = targets.map((target) =>
    message({
      name: target.cluster || NO_CLUSTER,
      weight: target.weight,
      metadataMatch: emitSubset(target.subset),
      hostRewriteLiteral: target.hostRewrite,
      ...emitHeaderOps(target.requestHeaders, target.responseHeaders),
    }),
  );
  return { ...missing, weightedClusters: message({ clusters, useHashPolicy: targetByHash || null }) };
}

/** Envoy never draws one of weight 0, not for a session either; where all are 0 the route says so itself. */
function drawnTargets({ targets }: ForwardAction): readonly WeightedTarget[] {
  const drawn = targets.filter(({ weight }) => weight > 0);
  return drawn.length === 0 ? targets : drawn;
}

/** The statuses that Envoy can give for a cluster that is not there. */
const NOT_FOUND_CODES: ReadonlyMap<number, string | null> = new Map([
  [503, null],
  [404, 'NOT_FOUND'],
  [500, 'INTERNAL_SERVER_ERROR'],
]);

function emitNotFound(context: EmitContext, status: number, origin: Origin): Message {
  const code = NOT_FOUND_CODES.get(status);
  if (code === undefined) {
    reportInexpressible(
      context,
      origin,
      `Envoy can't answer ${status} for a backend that is not there: it answers 503`,
    );
  }
  return message({ clusterNotFoundResponseCode: code });
}

/** What it says beside the cluster has a place among weighted clusters only. */
function isOwnEntry({ requestHeaders, responseHeaders, hostRewrite }: WeightedTarget): boolean {
  const isNone = ({ set, add, remove }: HeaderOps) => set.length + add.length + remove.length === 0;
  return hostRewrite !== null || !isNone(requestHeaders) || !isNone(responseHeaders);
}

/** Metadata that Envoy's subset balancer compares with that of endpoints. */
function emitSubset(labels: Readonly<Record<string, string>> | null): Message | null {
  return labels === null ? null : { filterMetadata: { 'envoy.lb': unlessEmpty(labels) ?? {} } };
}

function emitMirror({ cluster, percent }: Mirror): Message {
  return {
    cluster,
    runtimeFraction: { defaultValue: fractionalPercent(percent) },
    traceSampled: false,
    disableShadowHostSuffixAppend: true,
  };
}

/** Envoy chooses among weighted clusters before it looks at the session. */
function reportSplit(context: EmitContext, { targets, targetByHash, affinity }: ForwardAction, origin: Origin): void {
  if (targets.length < 2 || targetByHash || affinity.kind !== 'session') return;
  const message = 'Envoy draws one of the weighted destinations for each request, so a session may change sides';
  reportInexpressible(context, origin, message, 'Limpet keeps a session on its side.');
}
