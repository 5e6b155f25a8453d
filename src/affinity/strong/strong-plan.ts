import type { StrongSession } from '../../model/strong-session.ts';
import type { Draw, PlanTarget } from '../forward-plan.ts';
import { compileHashPolicies, type HashPolicies } from '../hash-policies.ts';
import { type Host, type HostState, hasLabels } from '../host.ts';
import type { EndpointName } from '../token/opened-token.ts';
import type { SealedTokens } from '../token/sealed-tokens.ts';
import type { SessionTokens } from '../token/session-tokens.ts';
import { isKnownPod } from './endpoint-identity.ts';
import type { NewSessionChooser } from './new-session.ts';
import { type Carrier, compileStrongCarrier } from './strong-carrier.ts';
import { AddressFormat, SealedFormat, type TokenFormat } from './token-format.ts';

/** A live session is one with a request in so many seconds, where the policy has no idle timeout. */
const DEFAULT_WINDOW_SECONDS = 1800;

/** One target of a route with a strong session. */
export interface StrongTarget<S extends HostState> {
  readonly plan: PlanTarget<S>;
  readonly tokens: SealedTokens;
  /** null: there is no such cluster, or no subset. */
  readonly chooser: NewSessionChooser<S> | null;
}

/** A strong session of a route, compiled when a snapshot is applied. */
export interface StrongPlan<S extends HostState> {
  readonly session: StrongSession;
  readonly draw: Draw<S>;
  /** In the order of `draw.targets`. */
  readonly targets: readonly StrongTarget<S>[];
  readonly carriers: readonly Carrier[];
  readonly format: TokenFormat;
  readonly fallback: HashPolicies;
  /** 0: sessions do not end by being idle. */
  readonly idleSeconds: number;
  /** 0: never. */
  readonly absoluteSeconds: number;
  /** A token that was last used so long ago is issued anew; 0: that is not needed. */
  readonly refreshSeconds: number;
  /** How long a session is live without another request. */
  readonly windowSeconds: number;
}

export function compileStrong<S extends HostState>(
  session: StrongSession,
  draw: Draw<S>,
  sessionTokens: SessionTokens,
): StrongPlan<S> {
  const keyRing = session.token.kind === 'sealed' ? session.token.keyRing : '';
  const { newSessions, maxSessionsPerEndpoint, slowStart, identity } = session;
  const settings = { newSessions, maxSessionsPerEndpoint, slowStart, identity };
  const strongTargets = draw.targets.map((plan) => ({
    plan,
    tokens: sessionTokens.scope(keyRing, session.scopes[plan.index] ?? ''),
    chooser: plan.hosts?.newSessions(settings) ?? null,
  }));
  const scopes = [...new Set(strongTargets.map(({ tokens }) => tokens))];
  const idleSeconds = toSeconds(session.idleTimeoutMillis);
  return {
    session,
    draw,
    targets: strongTargets,
    carriers: session.carriers.map(compileStrongCarrier),
    format: createFormat(session, scopes, sessionTokens),
    fallback: compileHashPolicies(session.fallback, 'route'),
    idleSeconds,
    absoluteSeconds: toSeconds(session.absoluteTimeoutMillis),
    refreshSeconds: refreshSecondsOf(session),
    windowSeconds: idleSeconds || DEFAULT_WINDOW_SECONDS,
  };
}

function createFormat({ token }: StrongSession, scopes: readonly SealedTokens[], tokens: SessionTokens): TokenFormat {
  if (token.kind === 'address') return new AddressFormat();
  return new SealedFormat(scopes, tokens.opened, token.acceptAddressTokens ? new AddressFormat() : null);
}

/** An eighth of what idleness is measured against, so that it is known to an eighth (decision 070). */
function refreshSecondsOf({ idleTimeoutMillis, rebalance }: StrongSession): number {
  const spans = [idleTimeoutMillis, rebalance?.idleForMillis ?? null].filter((millis) => millis !== null);
  return spans.length === 0 ? 0 : Math.max(1, Math.floor(Math.min(...spans) / 8000));
}

/** Rounded up: what is asked for in milliseconds does not end early. */
function toSeconds(millis: number | null): number {
  return millis === null ? 0 : Math.ceil(millis / 1000);
}

/** A session's host and the target it belongs to. */
export interface FoundHost<S extends HostState> {
  readonly target: StrongTarget<S>;
  readonly host: Host<S>;
}

/**
 * The host of this name among the targets of the token's scope, whatever their weight; null: it is gone. Targets whose
 * subset has the host come first, but a subset does not keep a session from a host of its cluster.
 */
export function findNamedHost<S extends HostState>(
  plan: StrongPlan<S>,
  tokens: SealedTokens | null,
  name: EndpointName,
): FoundHost<S> | null {
  let found: FoundHost<S> | null = null;
  for (const target of plan.targets) {
    if (tokens !== null && target.tokens !== tokens) continue;
    const host = target.plan.balancer?.identities.find(name);
    if (host === undefined) continue;
    // Sealed for an endpoint without an identity: the pod that is at its address now is another, for all that is known.
    if (tokens !== null && name.kind === 'address' && isKnownPod(host.endpoint)) continue;
    const { subset } = target.plan.target;
    if (subset === null || hasLabels(host.endpoint, subset)) return { target, host };
    found ??= { target, host };
  }
  return found;
}
