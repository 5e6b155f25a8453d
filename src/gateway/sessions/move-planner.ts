import type { Host } from '../../affinity/host.ts';
import type { SessionId } from '../../affinity/session-ledger.ts';
import { isDraining, isServing } from '../../affinity/strong/new-work.ts';
import { roomiest, shouldMove } from '../../affinity/strong/rebalancer.ts';
import type { UpstreamHost } from '../upstream-host.ts';
import type { ChosenMove } from './chosen-moves.ts';
import type { MoveBudget } from './move-budget.ts';
import type { MovePolicy, MovePool } from './move-policies.ts';
import { type LiveSession, type SessionTable, toKey } from './session-table.ts';

/** By then every worker knows of it: what is chosen, or called off, holds in all of them from one moment on. */
const LEAD_MILLIS = 1_000;
/** A choice that was not used by then is over, and others have their turn. */
const LIFE_MILLIS = 30_000;
/** Workers have told of a move by then. */
const REPORT_MILLIS = 2_000;
/** So many are chosen by one plan, at most, so that it does not take long. */
const MOST_AT_ONCE = 5_000;

export interface MovePlannerOptions {
  readonly table: SessionTable;
  readonly budget: MoveBudget;
  /** Seconds that only ever grow: the table's clock. */
  readonly nowSeconds: () => number;
  /** The wall clock, which all processes of a machine share. */
  readonly wallMillis: () => number;
}

interface Choice extends ChosenMove {
  readonly policy: string;
  readonly from: UpstreamHost;
  /** The move is taken from the budget: it was made for all that is known. */
  readonly isCounted: boolean;
}

interface Place {
  readonly host: Host<UpstreamHost>;
  readonly pool: MovePool;
}

/**
 * Chooses which sessions leave crowded hosts with their next request, and where to, for all workers (decision 081). It
 * looks at the sessions that are idle or released as far as is known here; in the end the token decides, and a choice
 * that does not apply lapses. What is chosen and what was moved within the last minute is never more than the policy's
 * budget, so that no worker has to ask for a move.
 */
export class MovePlanner {
  readonly #options: MovePlannerOptions;
  readonly #chosen = new Map<number, Choice>();
  #policies: readonly MovePolicy[] = [];

  constructor(options: MovePlannerOptions) {
    this.#options = options;
  }

  use(policies: readonly MovePolicy[]): void {
    this.#policies = policies;
  }

  get chosen(): readonly ChosenMove[] {
    return [...this.#chosen.values()];
  }

  /** Where a choice that holds now has the session go. */
  hostFor(id: SessionId): UpstreamHost | null {
    const choice = this.#chosen.get(toKey(id));
    const now = this.#options.wallMillis();
    return choice !== undefined && choice.fromMillis <= now && now < choice.untilMillis ? choice.host : null;
  }

  /** What is new in `chosen`, or called off: all workers have to be told. */
  plan(): readonly ChosenMove[] {
    const coming = this.#settle();
    const changed = this.#callOff();
    for (const policy of this.#policies) changed.push(...this.#choose(policy, coming));
    return changed;
  }

  /** A worker has ended, which may have made any of these moves in its last second. */
  onExit(): void {
    const now = this.#options.wallMillis();
    for (const [key, choice] of this.#chosen) {
      if (choice.isCounted || now < choice.fromMillis) continue;
      this.#options.budget.count(choice.policy);
      this.#chosen.set(key, { ...choice, isCounted: true });
    }
  }

  /** Lets go of what was used or is over. Returns by how much the others will change the hosts' counts. */
  #settle(): Map<UpstreamHost, number> {
    const { table, budget, wallMillis } = this.#options;
    const now = wallMillis();
    const coming = new Map<UpstreamHost, number>();
    for (const [key, choice] of this.#chosen) {
      const isUsed = table.find(choice)?.host !== choice.from;
      if (isUsed && !choice.isCounted) budget.count(choice.policy);
      if (isUsed || choice.untilMillis + REPORT_MILLIS <= now) this.#chosen.delete(key);
      else expect(coming, choice);
    }
    return coming;
  }

  /** What the balance does not need any more, or whose host takes no sessions now. */
  #callOff(): ChosenMove[] {
    const untilMillis = this.#options.wallMillis() + LEAD_MILLIS;
    const targets = new Map(this.#policies.map((policy) => [policy.policy, targetsOf(policy)]));
    const isWanted = ({ policy, from, host }: Choice): boolean => targets.get(policy)?.get(from)?.has(host) === true;
    const changed: ChosenMove[] = [];
    for (const [key, choice] of this.#chosen) {
      if (choice.untilMillis <= untilMillis || isWanted(choice)) continue;
      const over = { ...choice, untilMillis };
      this.#chosen.set(key, over);
      changed.push(over);
    }
    return changed;
  }

  #choose(policy: MovePolicy, coming: Map<UpstreamHost, number>): readonly ChosenMove[] {
    const { rebalance, policy: name } = policy;
    const left = this.#options.budget.left(name, rebalance.maxPerMinute) - this.#owed(name);
    let room = Math.min(left, MOST_AT_ONCE);
    const places = placesOf(policy);
    const sessionsOf = (host: UpstreamHost): number => host.liveSessions + (coming.get(host) ?? 0);
    const isCrowded = ({ host, pool }: Place): boolean =>
      isLeavable(host) && shouldMove(rebalance, host, pool.candidates(), sessionsOf);
    const crowded = new Set([...places.values()].filter(isCrowded).map(({ host }) => host.state));
    if (room <= 0 || crowded.size === 0) return [];
    const fromMillis = this.#options.wallMillis() + LEAD_MILLIS;
    const times = { fromMillis, untilMillis: fromMillis + LIFE_MILLIS };
    const choices: ChosenMove[] = [];
    for (const { hi, lo, host: from } of this.#movable(policy, crowded)) {
      const place = places.get(from);
      if (room <= 0 || crowded.size === 0) break;
      if (place === undefined || !crowded.has(from) || this.#chosen.has(toKey({ hi, lo }))) continue;
      const to = roomiest(place.host, place.pool.candidates(), place.pool.cap, sessionsOf);
      if (to === null || !isCrowded(place)) {
        crowded.delete(from);
        continue;
      }
      const choice: Choice = { hi, lo, policy: name, from, host: to.state, isCounted: false, ...times };
      this.#chosen.set(toKey(choice), choice);
      expect(coming, choice);
      choices.push(choice);
      room--;
    }
    return choices;
  }

  /** Chosen, and not taken from the budget yet. */
  #owed(policy: string): number {
    let owed = 0;
    for (const choice of this.#chosen.values()) if (choice.policy === policy && !choice.isCounted) owed++;
    return owed;
  }

  /** Released sessions first, then those that were used last, because they are the likeliest to come back. */
  #movable({ policy, rebalance }: MovePolicy, crowded: ReadonlySet<UpstreamHost>): readonly LiveSession[] {
    const { table, nowSeconds } = this.#options;
    const usedBefore = nowSeconds() - rebalance.idleForMillis / 1000;
    const released: LiveSession[] = [];
    const idle: LiveSession[] = [];
    table.visitSilent((session) => {
      if (session.policy !== policy || !crowded.has(session.host)) return;
      if (session.isReleased) released.push(session);
      else if (session.seenSeconds <= usedBefore && session.streamEndSeconds <= usedBefore) idle.push(session);
    });
    return [...released, ...idle.reverse()];
  }
}

function isLeavable(host: Host<UpstreamHost>): boolean {
  return !isDraining(host) && isServing(host);
}

function placesOf({ pools }: MovePolicy): ReadonlyMap<UpstreamHost, Place> {
  const places = new Map<UpstreamHost, Place>();
  for (const pool of pools) {
    for (const host of pool.hosts) if (!places.has(host.state)) places.set(host.state, { host, pool });
  }
  return places;
}

/** The hosts that sessions may go to now, for each that has too many. */
function targetsOf(policy: MovePolicy): ReadonlyMap<UpstreamHost, ReadonlySet<UpstreamHost>> {
  const states = new Map(policy.pools.map((pool) => [pool, new Set(pool.candidates().map(({ state }) => state))]));
  const targets = new Map<UpstreamHost, ReadonlySet<UpstreamHost>>();
  for (const { host, pool } of placesOf(policy).values()) {
    const isCrowded = isLeavable(host) && shouldMove(policy.rebalance, host, pool.candidates());
    if (isCrowded) targets.set(host.state, states.get(pool) ?? new Set());
  }
  return targets;
}

function expect(coming: Map<UpstreamHost, number>, { from, host }: Choice): void {
  coming.set(from, (coming.get(from) ?? 0) - 1);
  coming.set(host, (coming.get(host) ?? 0) + 1);
}
