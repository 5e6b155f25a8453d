/** What the load of a priority is made from. Counts are hosts, or sums of weights under weighted priority health. */
export interface PriorityHealth {
  readonly healthy: number;
  readonly degraded: number;
  readonly total: number;
  readonly healthyHosts: number;
  readonly degradedHosts: number;
  readonly totalHosts: number;
}

/** Percent of the traffic that each priority gets for its healthy and its degraded hosts. */
export interface PriorityLoad {
  readonly healthy: readonly number[];
  readonly degraded: readonly number[];
  /** All hosts of these priorities serve, whatever their health. */
  readonly panic: readonly boolean[];
}

export interface PriorityLoadOptions {
  readonly overprovisioningPercent: number;
  readonly panicThresholdPercent: number;
}

/** Spreads traffic over priorities; all divisions round down (envoy-affinity §9.1 to §9.5). */
export function computePriorityLoad(priorities: readonly PriorityHealth[], options: PriorityLoadOptions): PriorityLoad {
  const healthyPercent = priorities.map((p) => availability(p.healthy, p.total, options.overprovisioningPercent));
  const degradedPercent = priorities.map((p) => availability(p.degraded, p.total, options.overprovisioningPercent));
  const available = Math.min(100, sum(healthyPercent) + sum(degradedPercent));
  // Envoy's way to a whole number of percent: 29 becomes 28 by it, because 100 * 0.29 is a little less than 29.
  const threshold = Math.floor(100 * (options.panicThresholdPercent / 100));
  const panic = priorities.map((p) => available < 100 && isInPanic(p, threshold));
  if (panic.length > 0 && panic.every((inPanic) => inPanic)) {
    return { healthy: shareByHostCount(priorities), degraded: priorities.map(() => 0), panic };
  }
  if (available === 0) {
    // Nothing is available and panic is switched off: the first priority answers, with no host.
    return { healthy: priorities.map((_, index) => (index === 0 ? 100 : 0)), degraded: priorities.map(() => 0), panic };
  }
  const healthy = priorities.map(() => 0);
  const degraded = priorities.map(() => 0);
  const rest = distribute(degradedPercent, available, distribute(healthyPercent, available, 100, healthy), degraded);
  const firstHealthy = healthyPercent.findIndex((percent) => percent > 0);
  if (firstHealthy >= 0) healthy[firstHealthy]! += rest;
  else degraded[degradedPercent.findIndex((percent) => percent > 0)]! += rest;
  return { healthy, degraded, panic };
}

/**
 * Index of the priority for a request, by `hash modulo 100`: healthy loads are gone through first, then degraded ones.
 * A degraded pick is given as `-1 - priority` (envoy-affinity §9.6).
 */
export function choosePriority(load: PriorityLoad, percentile: number): number {
  let rest = percentile + 1;
  for (let i = 0; i < load.healthy.length; i++) {
    rest -= load.healthy[i]!;
    if (rest <= 0) return i;
  }
  for (let i = 0; i < load.degraded.length; i++) {
    rest -= load.degraded[i]!;
    if (rest <= 0) return -1 - i;
  }
  return 0;
}

function availability(usable: number, total: number, overprovisioningPercent: number): number {
  return total === 0 ? 0 : Math.min(100, Math.floor((overprovisioningPercent * usable) / total));
}

/** Panic goes by the number of hosts even where health goes by weight. */
function isInPanic(priority: PriorityHealth, thresholdPercent: number): boolean {
  const { healthyHosts, degradedHosts, totalHosts } = priority;
  const healthy = totalHosts === 0 ? 0 : (100 * healthyHosts) / totalHosts;
  const degraded = totalHosts === 0 ? 0 : (100 * degradedHosts) / totalHosts;
  return healthy + degraded < thresholdPercent;
}

function shareByHostCount(priorities: readonly PriorityHealth[]): number[] {
  const total = priorities.reduce((hosts, priority) => hosts + priority.totalHosts, 0);
  if (total === 0) return priorities.map((_, index) => (index === 0 ? 100 : 0));
  const load = priorities.map((priority) => Math.floor((100 * priority.totalHosts) / total));
  load[priorities.findIndex((priority) => priority.totalHosts > 0)]! += 100 - sum(load);
  return load;
}

/** Gives out up to `budget` percent, first come first served; returns what is left. */
function distribute(percents: readonly number[], available: number, budget: number, load: number[]): number {
  let rest = budget;
  for (let i = 0; i < percents.length; i++) {
    const share = Math.min(rest, Math.floor((percents[i]! * 100) / available));
    load[i] = share;
    rest -= share;
  }
  return rest;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
