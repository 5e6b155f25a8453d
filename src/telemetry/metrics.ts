import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** One sample of a metric: the label values in the metric's label order, and the value. */
export type EmitSample = (value: number, ...labelValues: string[]) => void;

/** Metrics whose values live elsewhere (typed arrays of the data plane) and are read only when somebody scrapes. */
export interface Metrics {
  readonly contentType: string;
  /** `collect` runs at each scrape and emits all samples of a monotonically growing value. */
  counter(name: string, help: string, labels: readonly string[], collect: (emit: EmitSample) => void): void;
  gauge(name: string, help: string, labels: readonly string[], collect: (emit: EmitSample) => void): void;
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
    metrics: () => registry.metrics(),
  };
}

function toLabels(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
