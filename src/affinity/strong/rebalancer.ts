import type { Rebalance } from '../../model/strong-session.ts';
import type { Host, HostState } from '../host.ts';

/**
 * Whether a session at a safe point should leave its host: only off one with more than `whenAbove` times its share of the
 * live sessions, and only where a candidate has less than its own. `candidates` take new sessions; the
 * host counts for the average whether it is among them or not. No side effects.
 */
export function shouldMove<S extends HostState>(
  { whenAbove }: Rebalance,
  host: Host<S>,
  candidates: readonly Host<S>[],
  sessionsOf: (state: S) => number = liveSessionsOf,
): boolean {
  // A host of weight 0 keeps its sessions: nobody says that it has too many.
  if (host.weight === 0) return false;
  const average = averageLoad(host, candidates, sessionsOf);
  const load = sessionsOf(host.state) / host.weight;
  return load > whenAbove * average && candidates.some((other) => hasRoom(other, average, load, sessionsOf));
}

/** The candidates that a session which leaves its host for the balance must not go to: they have their share. */
export function withoutRoom<S extends HostState>(host: Host<S>, candidates: readonly Host<S>[]): readonly Host<S>[] {
  const average = averageLoad(host, candidates, liveSessionsOf);
  const load = host.state.liveSessions / host.weight;
  return candidates.filter((other) => !hasRoom(other, average, load, liveSessionsOf));
}

/** The candidate with the fewest sessions for its weight among those with room and fewer than `cap`; null: there is none. */
export function roomiest<S extends HostState>(
  host: Host<S>,
  candidates: readonly Host<S>[],
  cap: number,
  sessionsOf: (state: S) => number,
): Host<S> | null {
  const average = averageLoad(host, candidates, sessionsOf);
  const load = sessionsOf(host.state) / host.weight;
  let best: Host<S> | null = null;
  let bestLoad = Number.POSITIVE_INFINITY;
  for (const other of candidates) {
    const sessions = sessionsOf(other.state);
    const otherLoad = (sessions + 1) / other.weight;
    if (otherLoad >= bestLoad || sessions >= cap || !hasRoom(other, average, load, sessionsOf)) continue;
    best = other;
    bestLoad = otherLoad;
  }
  return best;
}

function liveSessionsOf({ liveSessions }: HostState): number {
  return liveSessions;
}

/** It has less than its share, and with one session more still less than the host that the session leaves. */
function hasRoom<S extends HostState>(
  { state, weight }: Host<S>,
  average: number,
  load: number,
  sessionsOf: (state: S) => number,
): boolean {
  const sessions = sessionsOf(state);
  return weight > 0 && sessions / weight < average && (sessions + 1) / weight < load;
}

/** Sessions for each unit of weight. */
function averageLoad<S extends HostState>(
  host: Host<S>,
  candidates: readonly Host<S>[],
  sessionsOf: (state: S) => number,
): number {
  let sessions = sessionsOf(host.state);
  let weight = host.weight;
  for (const other of candidates) {
    if (other.weight === 0 || other.state === host.state) continue;
    sessions += sessionsOf(other.state);
    weight += other.weight;
  }
  return weight === 0 ? 0 : sessions / weight;
}
