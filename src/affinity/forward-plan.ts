import { hashPoliciesOf, type OnLost, type SessionPolicy } from '../model/affinity.ts';
import type { RequestView } from '../model/request-view.ts';
import type { ForwardAction, WeightedTarget } from '../model/route.ts';
import type { MinimalMoves } from '../model/strong-session.ts';
import type { ClusterBalancer } from './cluster-balancer.ts';
import { compileHashPolicies, type HashPolicies } from './hash-policies.ts';
import type { Hash64 } from './hash64.ts';
import type { Host, HostState } from './host.ts';
import { hasLabels } from './host.ts';
import type { HostSet } from './host-set.ts';
import { KeyOwners } from './minimal-moves.ts';
import { type Carrier, compileCarrier } from './session-carrier.ts';
import { compileStrong, type StrongPlan } from './strong/strong-plan.ts';
import type { SessionTokens } from './token/session-tokens.ts';

/** One weighted target of a route, bound to its cluster. */
export interface PlanTarget<S extends HostState> {
  /** Place in the route's list of targets. */
  readonly index: number;
  readonly target: WeightedTarget;
  /** null: there is no such cluster. */
  readonly balancer: ClusterBalancer<S> | null;
  /** null: nothing serves (no cluster, or no subset with these labels). */
  readonly hosts: HostSet<S> | null;
  /** The policies whose hash picks the host; null where the balancer does not hash or nothing is to be hashed. */
  readonly policies: HashPolicies | null;
  /** Who owns which key where as few keys as possible are to move; null: the balancer picks. */
  readonly owners: KeyOwners<S> | null;
}

export interface SessionPlan {
  readonly carriers: readonly Carrier[];
  readonly onLost: OnLost;
}

/** What a target is drawn from. */
export interface Draw<S extends HostState> {
  readonly targets: readonly PlanTarget<S>[];
  readonly totalWeight: number;
}

/** A forward action, compiled when a snapshot is applied; one for all requests of the route. */
export interface ForwardPlan<S extends HostState> extends Draw<S> {
  readonly emptyStatus: number;
  /** The policies whose hash also draws the target; null: targets are drawn at random. */
  readonly targetPolicies: HashPolicies | null;
  readonly session: SessionPlan | null;
  /** What a SessionPolicy asks for; then `session` is null. */
  readonly strong: StrongPlan<S> | null;
  /** A retry asks for other hosts than those tried, up to so many times; 0: it takes what the balancer gives. */
  readonly otherHostAttempts: number;
}

/**
 * Binds a forward action to the snapshot's balancers. Patterns of policies must have been checked (`validateRegex`).
 * Without `sessionTokens` a SessionPolicy has no effect: for copies of requests, whose answers nobody sees.
 */
export function compileForward<S extends HostState>(
  action: ForwardAction,
  balancerOf: (cluster: string) => ClusterBalancer<S> | undefined,
  sessionTokens: SessionTokens | null = null,
): ForwardPlan<S> {
  const { affinity, retry } = action;
  const compiled = compileHashPolicies(hashPoliciesOf(affinity), 'route');
  const draw: Draw<S> = {
    targets: action.targets.map((target, index) => {
      const balancer = balancerOf(target.cluster);
      if (balancer === undefined) {
        return { index, target, balancer: null, hosts: null, policies: null, owners: null };
      }
      const hosts = balancer.hostSet(target.subset);
      const minimalMoves = affinity.kind === 'hash' ? (affinity.minimalMoves ?? null) : null;
      return { index, target, balancer, hosts, ...compileKeys(compiled, minimalMoves, balancer, hosts) };
    }),
    totalWeight: action.targets.reduce((sum, target) => sum + target.weight, 0),
  };
  const isStrong = affinity.kind === 'strongSession' && sessionTokens !== null;
  return {
    ...draw,
    emptyStatus: action.emptyStatus,
    targetPolicies: action.targetByHash ? compiled : null,
    session: affinity.kind === 'session' ? compileSession(affinity.session) : null,
    strong: isStrong ? compileStrong(affinity.session, draw, sessionTokens) : null,
    // 0 counts as 1 (envoy-affinity §8.1)
    otherHostAttempts: retry?.avoidPreviousHosts === true ? Math.max(1, retry.hostSelectionAttempts) : 0,
  };
}

/** Who turns keys into hosts: the owners of a policy that asks for them, else a balancer that hashes. */
function compileKeys<S extends HostState>(
  routePolicies: HashPolicies,
  minimalMoves: MinimalMoves | null,
  balancer: ClusterBalancer<S>,
  hosts: HostSet<S> | null,
): Pick<PlanTarget<S>, 'policies' | 'owners'> {
  if (minimalMoves === null || hosts === null || routePolicies.isEmpty) {
    return { policies: effectivePolicies(balancer, routePolicies), owners: null };
  }
  return { policies: routePolicies, owners: new KeyOwners(minimalMoves, balancer, hosts) };
}

/** A cluster's own policies replace the route's, even where they yield nothing (envoy-affinity §7.3). */
function effectivePolicies<S extends HostState>(
  balancer: ClusterBalancer<S>,
  routePolicies: HashPolicies,
): HashPolicies | null {
  const settings = balancer.cluster.balancer;
  if (settings.kind !== 'ringHash' && settings.kind !== 'maglev') return null;
  const own = settings.hashing.policies;
  const policies = own.length === 0 ? routePolicies : compileHashPolicies(own, 'cluster');
  return policies.isEmpty ? null : policies;
}

function compileSession(session: SessionPolicy): SessionPlan | null {
  if (session.carriers.length === 0) return null;
  return { carriers: session.carriers.map(compileCarrier), onLost: session.onLost };
}

/** A target drawn by weight, at random or by `hash`; null if no target has weight (envoy-affinity §7.12). */
export function drawTarget<S extends HostState>(
  plan: Draw<S>,
  hash: Hash64 | null,
  random: () => number,
): PlanTarget<S> | null {
  if (plan.totalWeight === 0) return null;
  if (plan.targets.length === 1) return plan.targets[0] ?? null;
  let rest = hash === null ? Math.floor(random() * plan.totalWeight) : hash.remainder(plan.totalWeight);
  for (const target of plan.targets) {
    rest -= target.target.weight;
    if (rest < 0) return target;
  }
  return null;
}

/** What came of looking a session's address up among a route's targets. */
export type Found<S extends HostState> =
  | { readonly outcome: 'used'; readonly target: PlanTarget<S>; readonly host: Host<S> }
  | { readonly outcome: 'unknown-endpoint' | 'refused-endpoint' };

const UNKNOWN = { outcome: 'unknown-endpoint' } as const;
const REFUSED = { outcome: 'refused-endpoint' } as const;

/**
 * The host with this address and the target it belongs to, whatever that target's weight: a session sticks to its side
 * of a split. Targets whose subset has the host come first; but a subset does not keep a session from a host of the
 * cluster (envoy-affinity §12.3).
 */
export function findSessionHost<S extends HostState>(plan: ForwardPlan<S>, address: string): Found<S> {
  let found: Found<S> = UNKNOWN;
  for (const target of plan.targets) {
    const host = target.balancer?.hostByAddress(address);
    if (host === undefined) continue;
    if (!target.balancer?.mayKeepSession(host)) {
      if (found === UNKNOWN) found = REFUSED;
    } else if (target.target.subset === null || hasLabels(host.endpoint, target.target.subset)) {
      return { outcome: 'used', target, host };
    } else if (found.outcome !== 'used') {
      found = { outcome: 'used', target, host };
    }
  }
  return found;
}

/** The carriers that take part in a request, all of them as a rule. */
export function applicableCarriers(session: SessionPlan, request: RequestView): readonly Carrier[] {
  for (const carrier of session.carriers) {
    if (!carrier.applies(request)) return session.carriers.filter((other) => other.applies(request));
  }
  return session.carriers;
}
