import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetricSamples, type MetricFamily } from './metric-samples.ts';
import { MetricSums } from './metric-sums.ts';

/** What a process says that has counted `requests` by cluster and has `open` connections. */
function say(requests: Readonly<Record<string, number>>, open: number): readonly MetricFamily[] {
  const samples = createMetricSamples();
  samples.counter('requests', 'Requests', ['cluster'], (emit) => {
    for (const [cluster, count] of Object.entries(requests)) emit(count, cluster);
  });
  samples.gauge('open', 'Connections', [], (emit) => emit(open));
  return samples.read();
}

function valuesOf(sums: MetricSums): Record<string, number> {
  const values = sums
    .sums()
    .flatMap(({ name, samples }) =>
      samples.map(({ labelValues, value }) => [[name, ...labelValues].join(' '), value] as const),
    );
  return Object.fromEntries(values);
}

describe('MetricSums', () => {
  it('adds up each series over the processes', () => {
    const sums = new MetricSums();
    sums.update(1, say({ web: 10, api: 1 }, 3));
    sums.update(2, say({ web: 5 }, 4));
    assert.deepEqual(valuesOf(sums), { 'requests web': 15, 'requests api': 1, open: 7 });
    sums.update(2, say({ web: 6 }, 0));
    assert.deepEqual(valuesOf(sums), { 'requests web': 16, 'requests api': 1, open: 3 });
  });

  it('keeps the counters of a process that has ended, and drops its gauges', () => {
    const sums = new MetricSums();
    sums.update(1, say({ web: 10 }, 3));
    sums.update(2, say({ web: 5 }, 4));
    sums.end(1);
    assert.deepEqual(valuesOf(sums), { 'requests web': 15, open: 4 });
    sums.update(3, say({ web: 1 }, 1));
    sums.end(2);
    sums.end(2);
    assert.deepEqual(valuesOf(sums), { 'requests web': 16, open: 1 });
  });

  it('forgets what ended processes said of things that are gone', () => {
    const sums = new MetricSums();
    sums.update(1, say({ web: 10, api: 2 }, 0));
    sums.end(1);
    sums.prune((labels, values) => values[labels.indexOf('cluster')] !== 'api');
    assert.deepEqual(valuesOf(sums), { 'requests web': 10 });
  });
});
