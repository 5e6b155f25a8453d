import type { SessionId } from '../../affinity/session-ledger.ts';
import type { HostName, UpstreamHost } from '../upstream-host.ts';
import { toKey } from './session-table.ts';

/** Where a session goes with its next request at a safe point, in so much time by the wall clock. */
export interface ChosenMove extends SessionId {
  readonly host: UpstreamHost;
  readonly fromMillis: number;
  readonly untilMillis: number;
}

/** Moves as data that can be sent: a few hosts, and five numbers for each session. */
export interface MoveList {
  readonly hosts: readonly HostName[];
  readonly numbers: Float64Array;
}

const NUMBERS = 5;

export function encodeMoves(moves: readonly ChosenMove[]): MoveList {
  const hosts: HostName[] = [];
  const indexes = new Map<UpstreamHost, number>();
  const numbers = new Float64Array(moves.length * NUMBERS);
  for (const [at, { hi, lo, host, fromMillis, untilMillis }] of moves.entries()) {
    let index = indexes.get(host);
    if (index === undefined) {
      index = hosts.push({ cluster: host.cluster, address: host.address }) - 1;
      indexes.set(host, index);
    }
    numbers.set([hi, lo, index, fromMillis, untilMillis], at * NUMBERS);
  }
  return { hosts, numbers };
}

/** A move as a worker knows it, whether it has the host or not. */
interface KnownMove {
  readonly to: HostName;
  readonly fromMillis: number;
  readonly untilMillis: number;
}

/** The moves that a worker has been told of. */
export class ChosenMoves {
  readonly #moves = new Map<number, KnownMove>();
  readonly #wallMillis: () => number;

  constructor(wallMillis: () => number) {
    this.#wallMillis = wallMillis;
  }

  /** null: the session stays. */
  find(id: SessionId): HostName | null {
    const move = this.#moves.get(toKey(id));
    if (move === undefined) return null;
    const now = this.#wallMillis();
    return move.fromMillis <= now && now < move.untilMillis ? move.to : null;
  }

  receive({ hosts, numbers }: MoveList): void {
    for (let at = 0; at + NUMBERS <= numbers.length; at += NUMBERS) {
      const [hi = 0, lo = 0, index = 0, fromMillis = 0, untilMillis = 0] = numbers.subarray(at, at + NUMBERS);
      const to = hosts[index];
      if (to !== undefined) this.#moves.set(toKey({ hi, lo }), { to, fromMillis, untilMillis });
    }
  }

  /** Forgets what is over. */
  sweep(): void {
    const now = this.#wallMillis();
    for (const [key, { untilMillis }] of this.#moves) if (untilMillis <= now) this.#moves.delete(key);
  }
}
