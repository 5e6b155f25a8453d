import type { DrainProgress } from '../model/sessions-view.ts';
import { count } from './output.ts';

const BAR_WIDTH = 24;
/** A terminal that nobody told its size, as `kubectl exec -t` may have one, says 0. */
const DEFAULT_COLUMNS = 80;
/** Clears to the end of the line, which the cursor is brought back to the start of. */
const ERASE = '\r\u001b[K';

/** What progress is shown on: a terminal gets a bar that is drawn over, anything else a line for each change. */
export interface DisplayTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how far a drain has come. */
export class DrainDisplay {
  readonly #target: DisplayTarget;
  #most = 0;
  #last = '';

  constructor(target: DisplayTarget) {
    this.#target = target;
  }

  show(progress: DrainProgress): void {
    const left = progress.sessions + progress.activeRequests;
    this.#most = Math.max(this.#most, left);
    if (this.#target.isTTY === true) {
      const line = `${nameDrain(progress)} ${bar(this.#most === 0 ? 1 : 1 - left / this.#most)} ${describeRest(progress)}`;
      this.#target.write(`${ERASE}${line.slice(0, Math.max(20, (this.#target.columns || DEFAULT_COLUMNS) - 1))}`);
      return;
    }
    // Times change with every look, which is no news.
    const numbers = `${progress.sessions} ${progress.activeRequests}`;
    if (numbers === this.#last) return;
    this.#last = numbers;
    this.#target.write(`draining ${describeDrain(progress)}\n`);
  }

  finish(progress: DrainProgress): void {
    if (this.#target.isTTY === true) this.#target.write(ERASE);
    this.#target.write(`${formatEnd(progress)}\n`);
  }
}

/** `shop/web-0 (10.0.0.1:8080): 12 sessions, ...`. */
export function describeDrain(progress: DrainProgress): string {
  const { pod, addresses } = progress;
  const where = pod === '' || addresses.length === 0 ? '' : ` (${addresses.join(', ')})`;
  return `${nameDrain(progress)}${where}: ${describeRest(progress)}`;
}

export function nameDrain({ pod, uid, addresses }: DrainProgress): string {
  return pod || addresses.join(', ') || uid;
}

function formatEnd(progress: DrainProgress): string {
  const name = nameDrain(progress);
  if (progress.state === 'over') {
    const left = `${count(progress.sessions, 'session')} and ${count(progress.activeRequests, 'request')}`;
    return `${name}: the deadline has come; ${left} left`;
  }
  return progress.state === 'gone' ? `${name} is gone` : `${name} is empty`;
}

function describeRest({
  sessions,
  activeRequests,
  oldestSeconds,
  estimateSeconds,
  deadlineSeconds,
}: DrainProgress): string {
  const parts = [count(sessions, 'session'), `${count(activeRequests, 'request')} in flight`];
  if (oldestSeconds !== null) parts.push(`oldest ${formatSeconds(oldestSeconds)}`);
  if (sessions > 0 && estimateSeconds !== null) parts.push(`about ${formatSeconds(estimateSeconds)} to go`);
  if (deadlineSeconds !== null) parts.push(`deadline ${new Date(deadlineSeconds * 1000).toISOString().slice(11, 19)}Z`);
  return parts.join(', ');
}

function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}]${percent}`;
}

/** `45s`, `3m20s`, `2h05m`. */
function formatSeconds(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds % 60)];
  if (hours > 0) return `${hours}h${String(minutes).padStart(2, '0')}m`;
  return minutes > 0 ? `${minutes}m${String(rest).padStart(2, '0')}s` : `${rest}s`;
}
