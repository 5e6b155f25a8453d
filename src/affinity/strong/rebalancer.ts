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
): boolean {
  // A host of weight 0 keeps its sessions: nobody says that it has too many.
  if (host.weight === 0) return false;
  const average = averageLoad(host, candidates);
  const load = host.state.liveSessions / host.weight;
  return load > whenAbove * average && candidates.some((other) => hasRoom(other, average, load));
}

/** The candidates that a session which leaves its host for the balance must not go to: they have their share. */
export function withoutRoom<S extends HostState>(host: Host<S>, candidates: readonly Host<S>[]): readonly Host<S>[] {
  const average = averageLoad(host, candidates);
  const load = host.state.liveSessions / host.weight;
  return candidates.filter((other) => !hasRoom(other, average, load));
}

/** It has less than its share, and with one session more still less than the host that the session leaves. */
function hasRoom<S extends HostState>({ state, weight }: Host<S>, average: number, load: number): boolean {
  return weight > 0 && state.liveSessions / weight < average && (state.liveSessions + 1) / weight < load;
}

/** Live sessions for each unit of weight. */
function averageLoad<S extends HostState>(host: Host<S>, candidates: readonly Host<S>[]): number {
  let sessions = host.state.liveSessions;
  let weight = host.weight;
  for (const other of candidates) {
    if (other.weight === 0 || other.state === host.state) continue;
    sessions += other.state.liveSessions;
    weight += other.weight;
  }
  return weight === 0 ? 0 : sessions / weight;
}
