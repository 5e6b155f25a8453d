import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from './json.ts';
import { toNormalForm } from './normal-form.ts';

/** The normal form of the only route of a projection. */
function normalRoute(route: JsonObject): unknown {
  const routes = { 'http.80': { virtualHosts: [{ name: 'a', routes: [route] }] } };
  return toNormalForm({ clusters: {}, endpoints: {}, listeners: [], routes });
}

function withFault(fault: JsonObject): JsonObject {
  return { typedPerFilterConfig: { 'envoy.filters.http.fault': fault } };
}

describe('toNormalForm: what is the same to Envoy', () => {
  const pairs: readonly (readonly [what: string, theirs: JsonObject, ours: JsonObject])[] = [
    [
      'an abort without a percentage',
      withFault({ abort: { httpStatus: 500 } }),
      withFault({ abort: { httpStatus: 500, percentage: {} } }),
    ],
    [
      'an empty word among the conditions of retries',
      { route: { retryPolicy: { retryOn: ',retriable-status-codes' } } },
      { route: { retryPolicy: { retryOn: 'retriable-status-codes' } } },
    ],
  ];
  for (const [what, theirs, ours] of pairs) {
    it(what, () => assert.deepEqual(normalRoute(ours), normalRoute(theirs)));
  }

  it('which is not so of another percentage', () => {
    const half = withFault({ abort: { httpStatus: 500, percentage: { numerator: 50 } } });
    assert.notDeepEqual(normalRoute(half), normalRoute(withFault({ abort: { httpStatus: 500 } })));
  });
});
