import { Counter, collectDefaultMetrics, Gauge, type MetricType, Registry } from 'prom-client';

/** One sample of a metric: the label values in the metric's label order, and the value. */
export type EmitSample = (value: number, ...labelValues: string[]) => void;

/** Metrics whose values live elsewhere (typed arrays of the data plane) and are read only when somebody scrapes. */
export interface Metrics {
  readonly contentType: string;
  /** `collect` runs at each scrape and emits all samples of a monotonically growing value. */
  counter(name: string, help: string, labels: readonly string[], collect: (emit: EmitSample) => void): void;
  gauge(name: string, help: string, labels: readonly string[], collect: (emit: EmitSample) => void): void;
  /**
   * `collect` emits, with a last value behind those of `labels`, the count of all that are not above a bucket's upper
   * bound (`+Inf`: of all), and as `sum` the sum of all.
   */
  histogram(name: string, help: string, labels: readonly string[], collect: (emit: EmitSample) => void): void;
  /** The Prometheus text form of everything. */
  metrics(): Promise<string>;
}

/** An own registry, so that several gateways in one process (the lab, tests) keep apart. */
export function createMetrics(options: { readonly processMetrics: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry, prefix: 'limpet_' });
  return {
    contentType: registry.contentType,
    counter(name, help, labels, collect) {
      new Counter({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        collect() {
          this.reset();
          collect((value, ...labelValues) => this.inc(toLabels(labels, labelValues), value));
        },
      });
    },
    gauge(name, help, labels, collect) {
      new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        collect() {
          this.reset();
          collect((value, ...labelValues) => this.set(toLabels(labels, labelValues), value));
        },
      });
    },
    histogram(name, help, labels, collect) {
      registry.registerMetric(createHistogram(name, help, labels, collect));
    },
    metrics: () => registry.metrics(),
  };
}

/** The library's own histograms can only be observed value by value; its gauges say of themselves what they are. */
function createHistogram(
  name: string,
  help: string,
  labels: readonly string[],
  collect: (emit: EmitSample) => void,
): Gauge {
  const histogram = new Gauge({ name, help, labelNames: [...labels, 'le'], registers: [] });
  const get = histogram.get.bind(histogram);
  histogram.get = async () => {
    const values: HistogramValue[] = [];
    collect((value, ...labelValues) => {
      const own = toLabels(labels, labelValues);
      const le = labelValues.at(-1) ?? '';
      if (le === 'sum') values.push({ metricName: `${name}_sum`, labels: own, value });
      else values.push({ metricName: `${name}_bucket`, labels: { ...own, le }, value });
      if (le === '+Inf') values.push({ metricName: `${name}_count`, labels: own, value });
    });
    return { ...(await get()), type: 'histogram' as unknown as MetricType, values };
  };
  return histogram;
}

interface HistogramValue {
  readonly metricName: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

function toLabels(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
