import assert from 'node:assert';
import type { OutlierDetection } from '../../model/cluster.ts';
import type { HealthClock, HealthTimer } from './health-clock.ts';
import { type OutlierListener, OutlierMonitor, type OutlierReason } from './outlier-monitor.ts';

/** What the detector sees and changes of a host. */
export interface OutlierHost {
  readonly address: string;
  ejected: boolean;
  /** null: no outlier detection watches the host. */
  outlier: OutlierMonitor | null;
}

export interface OutlierEvents<H extends OutlierHost> {
  onEjected(host: H, reason: OutlierReason, durationMillis: number): void;
  onReturned(host: H): void;
}

/** What came of the times that a detector's limit was met. */
export interface OutlierCounts {
  enforced: number;
  /** Chance decided against it: the enforcing percentage is below 100. */
  spared: number;
  /** Too large a part of the cluster was ejected already. */
  overflowed: number;
}

/** A timer may fire this much early; without it such a host would stay out for another interval. */
const TIMER_SLACK_MILLIS = 1;

/** One host's history. */
interface Record<H> {
  readonly host: H;
  readonly monitor: OutlierMonitor;
  /** Ejected by this detector, which will let it back. */
  own: boolean;
  /** Ejected by the detector of another process, which will let it back. */
  elsewhere: boolean;
  /** How many base times an ejection lasts; grows with each one and falls while the host stays in. */
  multiplier: number;
  ejectedAt: number;
  returnedAt: number;
}

/**
 * Ejects hosts of one cluster that fail again and again, and lets them back, by Envoy's rules. Lives as long as the
 * cluster has outlier detection, over any number of snapshots. Runs no timer while no host has anything to forget.
 */
export class OutlierDetector<H extends OutlierHost> implements OutlierListener {
  readonly counts: { readonly [reason in OutlierReason]: OutlierCounts } = {
    consecutive_5xx: { enforced: 0, spared: 0, overflowed: 0 },
    consecutive_gateway_failure: { enforced: 0, spared: 0, overflowed: 0 },
    consecutive_local_origin_failure: { enforced: 0, spared: 0, overflowed: 0 },
  };
  readonly #clock: HealthClock;
  readonly #random: () => number;
  readonly #events: OutlierEvents<H>;
  readonly #byHost = new Map<H, Record<H>>();
  readonly #byMonitor = new Map<OutlierMonitor, Record<H>>();
  #settings: OutlierDetection;
  #ejected = 0;
  #timer: HealthTimer | null = null;

  constructor(
    settings: OutlierDetection,
    environment: { readonly clock: HealthClock; readonly random: () => number; readonly events: OutlierEvents<H> },
  ) {
    this.#settings = settings;
    this.#clock = environment.clock;
    this.#random = environment.random;
    this.#events = environment.events;
  }

  get settings(): OutlierDetection {
    return this.#settings;
  }

  /** Hosts that are ejected now. */
  get ejected(): number {
    return this.#ejected;
  }

  /** Those among them that this process ejected itself. */
  get ownEjected(): number {
    let count = 0;
    for (const { own } of this.#byHost.values()) if (own) count++;
    return count;
  }

  /** Takes the settings and hosts of a new snapshot; hosts that stay keep their history. */
  update(settings: OutlierDetection, hosts: ReadonlySet<H>): void {
    this.#settings = settings;
    for (const record of this.#byHost.values()) if (!hosts.has(record.host)) this.#forget(record);
    for (const host of hosts) {
      if (this.#byHost.has(host)) continue;
      const monitor = new OutlierMonitor(this);
      const record: Record<H> = {
        host,
        monitor,
        own: false,
        elsewhere: false,
        multiplier: 0,
        ejectedAt: 0,
        returnedAt: Number.POSITIVE_INFINITY,
      };
      this.#byHost.set(host, record);
      this.#byMonitor.set(monitor, record);
      host.outlier = monitor;
    }
  }

  onOutlier(monitor: OutlierMonitor, reason: OutlierReason): void {
    const record = this.#byMonitor.get(monitor);
    // The last answers of a host that has left, or of one that is out already, change nothing.
    if (record === undefined || record.host.ejected) return;
    this.#judge(record, reason);
    monitor.reset(reason);
  }

  /** Lets a host back before its time: it has passed an active health check. */
  readmit(host: H): void {
    const record = this.#byHost.get(host);
    if (record?.own === true) this.#return(record, this.#clock.now());
  }

  /**
   * The detector of another process has ejected a host or let it back. It counts here as well: towards the share that may
   * be ejected, and towards how long the host's next ejection lasts. True if the host's state changed.
   */
  follow(host: H, ejected: boolean): boolean {
    const record = this.#byHost.get(host);
    if (record === undefined || record.elsewhere === ejected) return false;
    record.elsewhere = ejected;
    if (record.own) return false;
    if (ejected) this.#putOut(record);
    else this.#letIn(record, this.#clock.now());
    return true;
  }

  /** Lets every host back and watches none any more. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const record of this.#byHost.values()) {
      if (record.own) this.#return(record, this.#clock.now());
      this.#forget(record);
    }
  }

  #judge(record: Record<H>, reason: OutlierReason): void {
    const { settings } = this;
    const counts = this.counts[reason];
    const percent = (100 * (this.#ejected + 1)) / this.#byHost.size;
    if (percent > Math.min(100, settings.maxEjectionPercent)) counts.overflowed++;
    else if (this.#random() * 100 >= enforcingPercent(settings, reason)) counts.spared++;
    else {
      counts.enforced++;
      this.#eject(record, reason);
    }
  }

  #eject(record: Record<H>, reason: OutlierReason): void {
    record.own = true;
    this.#putOut(record);
    this.#events.onEjected(record.host, reason, this.#durationOf(record));
  }

  #return(record: Record<H>, now: number): void {
    record.own = false;
    if (!record.elsewhere) this.#letIn(record, now);
    this.#events.onReturned(record.host);
  }

  #putOut(record: Record<H>): void {
    const { baseEjectionMillis, maxEjectionMillis } = this.#settings;
    record.host.ejected = true;
    record.ejectedAt = this.#clock.now();
    this.#ejected++;
    if (record.multiplier * baseEjectionMillis < maxEjectionMillis + baseEjectionMillis) record.multiplier++;
    this.#arm();
  }

  #letIn(record: Record<H>, now: number): void {
    assert(this.#ejected > 0);
    this.#ejected--;
    record.host.ejected = false;
    record.returnedAt = now;
    // One more error must not send the host out again because another counter stood near its limit.
    record.monitor.reset('consecutive_5xx');
    record.monitor.reset('consecutive_gateway_failure');
    record.monitor.reset('consecutive_local_origin_failure');
  }

  #durationOf({ multiplier }: Record<H>): number {
    const { baseEjectionMillis, maxEjectionMillis } = this.#settings;
    return Math.min(multiplier * baseEjectionMillis, maxEjectionMillis);
  }

  #forget(record: Record<H>): void {
    if (record.host.ejected) {
      record.host.ejected = false;
      this.#ejected--;
    }
    record.host.outlier = null;
    this.#byHost.delete(record.host);
    this.#byMonitor.delete(record.monitor);
  }

  #arm(): void {
    this.#timer ??= this.#clock.after(this.#settings.intervalMillis, () => this.#sweep());
  }

  /** Lets back whose time is over, and shortens the next ejection of hosts that have stayed in for an interval. */
  #sweep(): void {
    this.#timer = null;
    const now = this.#clock.now();
    let isBusy = false;
    for (const record of this.#byHost.values()) {
      if (record.own) {
        if (this.#durationOf(record) <= now - record.ejectedAt + TIMER_SLACK_MILLIS) this.#return(record, now);
      } else if (
        !record.host.ejected &&
        record.multiplier > 0 &&
        now - record.returnedAt >= this.#settings.intervalMillis
      ) {
        record.multiplier--;
      }
      isBusy ||= record.host.ejected || record.multiplier > 0;
    }
    if (isBusy) this.#arm();
  }
}

function enforcingPercent(settings: OutlierDetection, reason: OutlierReason): number {
  switch (reason) {
    case 'consecutive_5xx':
      return settings.enforcing5xxPercent;
    case 'consecutive_gateway_failure':
      return settings.enforcingGatewayErrorsPercent;
    case 'consecutive_local_origin_failure':
      return settings.enforcingLocalFailuresPercent;
  }
}
