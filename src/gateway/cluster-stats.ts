import type { DecisionReason, DecisionRecord, TokenOutcome } from '../model/decision.ts';
import type { UpstreamFailure } from './upstream-connection.ts';

const MODES = ['none', 'hash', 'session'] as const satisfies readonly DecisionRecord['mode'][];
const TOKENS = [
  'none',
  'absent',
  'expired',
  'used',
  'unknown-endpoint',
  'refused-endpoint',
  'exchanged',
  'drained-endpoint',
  'malformed',
  'retired-key',
  'other-scope',
  'forged',
  'idle-expired',
] as const satisfies readonly TokenOutcome[];
const REASONS = [
  'token',
  'hash',
  'hash-spilled',
  'balancer',
  'random',
  'retry',
  'least-sessions',
  'rehomed',
  'rebalanced',
  'session-lost',
  'no-target',
  'no-endpoint',
] as const satisfies readonly DecisionReason[];

/** Upper bounds of the duration histogram's buckets in milliseconds; a last bucket takes the rest. */
export const DURATION_BUCKETS: readonly number[] = [
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
];

/** Counters of one cluster: plain numbers in typed arrays, written per request and read at scrape. */
export class ClusterStats {
  /** By status class: index 0 is "no status" (the client left), 1..5 are 1xx..5xx. */
  readonly responses: Float64Array = new Float64Array(6);
  readonly durations: Float64Array = new Float64Array(DURATION_BUCKETS.length + 1);
  durationSumMillis = 0;
  retries = 0;
  connectFailures = 0;
  resets = 0;
  timeouts = 0;
  mirrors = 0;
  mirrorFailures = 0;
  /** Connections that switched protocols (WebSocket), and those of them that are open. */
  upgrades = 0;
  activeUpgrades = 0;
  readonly #decisions: Float64Array = new Float64Array(MODES.length * TOKENS.length * REASONS.length);

  countDecision(decision: DecisionRecord): void {
    const mode = MODES.indexOf(decision.mode);
    const token = TOKENS.indexOf(decision.token);
    const index = (mode * TOKENS.length + token) * REASONS.length + REASONS.indexOf(decision.reason);
    this.#decisions[index] = (this.#decisions[index] as number) + 1;
  }

  countResponse(status: number, durationMillis: number): void {
    const statusClass = Math.min(5, Math.floor(status / 100));
    this.responses[statusClass] = (this.responses[statusClass] as number) + 1;
    let bucket = 0;
    while (bucket < DURATION_BUCKETS.length && durationMillis > (DURATION_BUCKETS[bucket] as number)) bucket++;
    this.durations[bucket] = (this.durations[bucket] as number) + 1;
    this.durationSumMillis += durationMillis;
  }

  countFailure(failure: UpstreamFailure): void {
    if (failure === 'connect-refused' || failure === 'connect-timeout') this.connectFailures++;
    else this.resets++;
  }

  forEachDecision(visit: (mode: string, token: string, reason: string, count: number) => void): void {
    this.#decisions.forEach((count, index) => {
      if (count === 0) return;
      const reason = index % REASONS.length;
      const token = Math.floor(index / REASONS.length) % TOKENS.length;
      const mode = Math.floor(index / (REASONS.length * TOKENS.length));
      visit(MODES[mode] as string, TOKENS[token] as string, REASONS[reason] as string, count);
    });
  }
}
