import type { MetricFamily, MetricSample } from './metric-samples.ts';

/** Whether what a series is about still exists; the names of its labels and their values. */
export type SeriesFilter = (labels: readonly string[], values: readonly string[]) => boolean;

/**
 * The same metrics of several processes as one: every series is the sum over the processes. The counters of a process
 * that has ended go on counting with what was last heard of them, so that no sum ever falls.
 */
export class MetricSums {
  readonly #live = new Map<number, readonly MetricFamily[]>();
  #ended: readonly MetricFamily[] = [];

  /** What a process says of itself now. */
  update(process: number, families: readonly MetricFamily[]): void {
    this.#live.set(process, families);
  }

  /** The process is gone, with its gauges. */
  end(process: number): void {
    const last = this.#live.get(process);
    if (last === undefined) return;
    this.#live.delete(process);
    this.#ended = sumFamilies([this.#ended, last.filter((family) => family.kind !== 'gauge')]);
  }

  /** Forgets what ended processes said of things that are gone. */
  prune(exists: SeriesFilter): void {
    this.#ended = this.#ended.map((family) => ({
      ...family,
      samples: family.samples.filter((sample) => exists(family.labels, sample.labelValues)),
    }));
  }

  sums(): readonly MetricFamily[] {
    return sumFamilies([this.#ended, ...this.#live.values()]);
  }
}

/** One family per name, one sample per series. */
function sumFamilies(lists: readonly (readonly MetricFamily[])[]): readonly MetricFamily[] {
  const sums = new Map<string, { readonly family: MetricFamily; readonly series: Map<string, MetricSample> }>();
  for (const family of lists.flat()) {
    let sum = sums.get(family.name);
    if (sum === undefined) {
      sum = { family, series: new Map() };
      sums.set(family.name, sum);
    }
    for (const { labelValues, value } of family.samples) {
      const key = JSON.stringify(labelValues);
      sum.series.set(key, { labelValues, value: value + (sum.series.get(key)?.value ?? 0) });
    }
  }
  return [...sums.values()].map(({ family, series }) => ({ ...family, samples: [...series.values()] }));
}
