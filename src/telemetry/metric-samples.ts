import type { EmitSample, Metrics } from './metrics.ts';

/** Values of one metric at one moment: plain data that can go from process to process. */
export interface MetricFamily {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  /** In the order of the family's labels; a histogram's have one more. */
  readonly labelValues: readonly string[];
  readonly value: number;
}

/** Metrics to be read by another process instead of by a scrape. */
export interface MetricSamples extends Pick<Metrics, 'counter' | 'gauge' | 'histogram'> {
  /** The present values of everything. */
  read(): readonly MetricFamily[];
}

export function createMetricSamples(): MetricSamples {
  const readers: (() => MetricFamily)[] = [];
  const register =
    (kind: MetricFamily['kind']): Metrics['counter'] =>
    (name, help, labels, collect) => {
      readers.push(() => ({ kind, name, help, labels, samples: readSamples(collect) }));
    };
  return {
    counter: register('counter'),
    gauge: register('gauge'),
    histogram: register('histogram'),
    read: () => readers.map((read) => read()),
  };
}

function readSamples(collect: (emit: EmitSample) => void): readonly MetricSample[] {
  const samples: MetricSample[] = [];
  collect((value, ...labelValues) => samples.push({ labelValues, value }));
  return samples;
}
