import type { Pod } from './pod-fleet.ts';

/** What became of the sessions of one system, by what pods answered. */
export class Tally {
  requests = 0;
  /** How often each reason came. */
  readonly failures: Map<string, number> = new Map();
  /** Sessions that began. */
  begun = 0;
  /** Sessions that came to another pod, which knew nothing of them. */
  readonly lost: Record<'healthy' | 'draining' | 'overdue' | 'removed', number> = {
    /** Their pod was healthy, and went on to be. */
    healthy: 0,
    /** It was draining, before its deadline. */
    draining: 0,
    /** It was draining, and the deadline was over. */
    overdue: 0,
    /** It had been taken away without drain. */
    removed: 0,
  };
  /** Sessions that another pod took over at a safe point. */
  readonly moved = { released: 0, idle: 0 };
  /** Of sessions that came to another pod after theirs was gone: those that were led to its address, which another pod has now. */
  toReusedAddress = 0;
  /** Answers that can't be; there must be none. */
  readonly contradictions: string[] = [];
  /** The first losses that should not be. */
  readonly examples: string[] = [];
  /** Requests with forged tokens; those that name a pod, and where that pod answered; how many it would by chance. */
  readonly forged = { sent: 0, naming: 0, followed: 0, byChance: 0 };
  /** Requests of a stranger with tokens of a key that is gone, and where the pod that the token names answered. */
  readonly retired = { asked: 0, followed: 0, byChance: 0 };
  /** Requests of clients without tokens that followed one with no change between. */
  readonly silent = { repeated: 0, stayed: 0 };
  readonly agreement = { asked: 0, agreed: 0 };
  readonly parallel = { asked: 0, agreed: 0 };
  readonly drains: { readonly pod: string; readonly isInTime: boolean }[] = [];
  /** Most and average sessions of a pod, at a moment. */
  readonly spreads: { readonly at: string; readonly most: number; readonly mean: number }[] = [];

  fail(reason: string): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }

  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  /** A session of `former` came to `pod`, which did not know it. `idleForMillis` null: nothing may move it. */
  lose(former: Pod, pod: string, idleMillis: number, idleForMillis: number | null): void {
    const isOverdue = former.phase === 'draining' && performance.now() >= former.deadline;
    const phase = former.phase === 'ready' ? 'healthy' : isOverdue ? 'overdue' : former.phase;
    if (phase === 'healthy' && idleForMillis !== null && idleMillis >= idleForMillis - IDLE_SLACK_MILLIS) {
      this.moved.idle++;
      return;
    }
    this.lost[phase]++;
    if ((phase === 'healthy' || phase === 'draining') && this.examples.length < 5) {
      this.examples.push(`from ${former.name} (${phase}) to ${pod} after ${idleMillis} ms`);
    }
  }

  /** Pods that have no session count as well. */
  spread(at: string, counts: readonly number[]): number {
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const most = Math.max(...counts);
    this.spreads.push({ at, most, mean });
    return most / mean;
  }
}

/** Tokens tell times in whole seconds. */
const IDLE_SLACK_MILLIS = 1_000;
