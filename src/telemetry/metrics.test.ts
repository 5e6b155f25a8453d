import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from './metrics.ts';

describe('createMetrics', () => {
  it('writes a histogram as Prometheus reads one', async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.histogram('took', 'Time', ['cluster'], (emit) => {
      emit(1, 'web', '10');
      emit(3, 'web', '+Inf');
      emit(240, 'web', 'sum');
    });
    assert.deepEqual((await metrics.metrics()).trim().split('\n'), [
      '# HELP took Time',
      '# TYPE took histogram',
      'took_bucket{cluster="web",le="10"} 1',
      'took_bucket{cluster="web",le="+Inf"} 3',
      'took_count{cluster="web"} 3',
      'took_sum{cluster="web"} 240',
    ]);
  });
});
