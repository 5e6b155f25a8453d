import { toByteString } from '../model/byte-string.ts';
import type { Locality } from '../model/cluster.ts';
import { compareByteStrings } from './compare-bytes.ts';
import type { Host, HostState } from './host.ts';

/** The hosts of one locality at one priority. */
export interface LocalityHosts<S extends HostState> {
  readonly locality: Locality;
  /** 0: takes no traffic under locality weighting. */
  readonly weight: number;
  readonly hosts: readonly Host<S>[];
}

/** Hosts with weights normalised so that they add up to 1 (or less, where a locality has no usable host). */
export interface WeightedHosts<S extends HostState> {
  readonly hosts: readonly Host<S>[];
  readonly weights: Float64Array;
}

/** The order in which locality weighting goes through localities: region, zone, sub-zone as bytes (envoy-affinity §3.7). */
export function compareLocalities(a: Locality, b: Locality): number {
  return compareTexts(a.region, b.region) || compareTexts(a.zone, b.zone) || compareTexts(a.subZone, b.subZone);
}

function compareTexts(a: string, b: string): number {
  return compareByteStrings(toByteString(a), toByteString(b));
}

/** Every host's weight over the sum of weights; the operations and their order are Envoy's (envoy-affinity §3.6). */
export function weighHosts<S extends HostState>(hosts: readonly Host<S>[]): WeightedHosts<S> {
  let sum = 0;
  for (const host of hosts) sum += host.weight;
  const weights = Float64Array.from(hosts, (host) => host.weight / sum);
  return { hosts, weights };
}

/**
 * Locality-weighted form: a host has its share of its locality's share (envoy-affinity §3.7). `localities` are sorted;
 * those without weight are skipped, and the share of one without a usable host goes to nobody.
 */
export function weighHostsByLocality<S extends HostState>(
  localities: readonly LocalityHosts<S>[],
  isUsable: (host: Host<S>) => boolean,
): WeightedHosts<S> {
  let total = 0;
  for (const locality of localities) total += locality.weight;
  const hosts: Host<S>[] = [];
  const weights: number[] = [];
  for (const locality of localities) {
    if (locality.weight === 0) continue;
    const usable = locality.hosts.filter(isUsable);
    const share = locality.weight / total;
    let sum = 0;
    for (const host of usable) sum += host.weight;
    for (const host of usable) {
      hosts.push(host);
      weights.push((host.weight * share) / sum);
    }
  }
  return { hosts, weights: Float64Array.from(weights) };
}
