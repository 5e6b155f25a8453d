import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_RETRIES } from '../../test/support/model-builder.ts';
import type { Head } from '../http1/head.ts';
import { DEFAULT_HTTP1_LIMITS } from '../http1/http1-limits.ts';
import { ResponseParser } from '../http1/response-parser.ts';
import { RETRY_CONDITIONS, type RetryCondition } from '../model/route.ts';
import { RetryRules } from './retry-rules.ts';
import type { UpstreamFailure } from './upstream-connection.ts';

function rulesOn(...on: readonly RetryCondition[]): RetryRules {
  return new RetryRules({ ...NO_RETRIES, on, retries: 1, statusCodes: [418, 503] });
}

function headOf(status: number, header = ''): Head {
  const heads: Head[] = [];
  const parser = new ResponseParser(DEFAULT_HTTP1_LIMITS, {
    onResponseHead: (head) => {
      heads.push(head);
    },
    onResponseBody: () => {},
    onResponseEnd: () => {},
    onResponseError: (error) => assert.fail(error.code),
  });
  parser.expect('GET', '');
  parser.push(Buffer.from(`HTTP/1.1 ${status} X\r\ncontent-length: 5\r\n${header}\r\n`, 'latin1'));
  return heads[0] ?? assert.fail('no head');
}

/** The conditions that each alone make the response one to try again. */
function retriedOn(head: Head): readonly RetryCondition[] {
  return RETRY_CONDITIONS.filter((condition) => rulesOn(condition).isRetriableResponse(head));
}

describe('RetryRules.isRetriableResponse', () => {
  it('knows statuses by the conditions that name them', () => {
    assert.deepEqual(retriedOn(headOf(200)), []);
    assert.deepEqual(retriedOn(headOf(404)), []);
    assert.deepEqual(retriedOn(headOf(409)), ['retriable-4xx']);
    assert.deepEqual(retriedOn(headOf(418)), ['retriable-status-codes']);
    assert.deepEqual(retriedOn(headOf(500)), ['5xx']);
    assert.deepEqual(retriedOn(headOf(501)), ['5xx']);
    assert.deepEqual(retriedOn(headOf(502)), ['5xx', 'gateway-error']);
    assert.deepEqual(retriedOn(headOf(503)), ['5xx', 'gateway-error', 'retriable-status-codes']);
    assert.deepEqual(retriedOn(headOf(504)), ['5xx', 'gateway-error']);
    assert.deepEqual(retriedOn(headOf(599)), ['5xx']);
  });

  it('knows the gRPC statuses of a response without a body', () => {
    assert.deepEqual(retriedOn(headOf(200, 'grpc-status: 14\r\n')), ['unavailable']);
    assert.deepEqual(retriedOn(headOf(200, 'grpc-status: 1\r\n')), ['cancelled']);
    assert.deepEqual(retriedOn(headOf(200, 'grpc-status: 4\r\n')), ['deadline-exceeded']);
    assert.deepEqual(retriedOn(headOf(200, 'grpc-status: 8\r\n')), ['resource-exhausted']);
    assert.deepEqual(retriedOn(headOf(200, 'grpc-status: 13\r\n')), ['internal']);
    assert.deepEqual(retriedOn(headOf(200, 'grpc-status: 2\r\n')), []);
  });

  it('takes the no of a rate limiter for an answer, unless asked to try again', () => {
    assert.deepEqual(retriedOn(headOf(503, 'x-envoy-ratelimited: true\r\n')), ['envoy-ratelimited']);
  });
});

describe('RetryRules.isRetriableFailure', () => {
  const retried = (failure: UpstreamFailure, requestSent: boolean): readonly RetryCondition[] =>
    RETRY_CONDITIONS.filter((condition) => rulesOn(condition).isRetriableFailure(failure, requestSent));

  it('knows a connection that did not come about', () => {
    const all = ['5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure'];
    assert.deepEqual(retried('connect-refused', false), all);
    assert.deepEqual(retried('connect-timeout', false), all);
    assert.deepEqual(
      retried('connect-refused', true),
      all.filter((name) => name !== 'reset-before-request'),
    );
  });

  it('knows a connection that broke', () => {
    for (const failure of ['reset-before-response', 'stale', 'protocol'] as const) {
      assert.deepEqual(retried(failure, true), ['5xx', 'gateway-error', 'reset']);
    }
  });
});

describe('RetryRules.isRetriableTimeout', () => {
  it('is a reset by the gateway', () => {
    const retried = RETRY_CONDITIONS.filter((condition) => rulesOn(condition).isRetriableTimeout());
    assert.deepEqual(retried, ['5xx', 'gateway-error', 'reset']);
  });
});

describe('RetryRules.backoffMillis', () => {
  it('draws below a bound that doubles up to the longest back-off', () => {
    const rules = new RetryRules({ ...NO_RETRIES, retries: 9, backoffBaseMillis: 25, backoffMaxMillis: 250 });
    const bounds = [1, 2, 3, 4, 5, 6, 100].map((retry) => rules.backoffMillis(retry, () => 1 - 2 ** -53));
    assert.deepEqual(bounds, [24, 49, 99, 199, 249, 249, 249]);
    assert.equal(
      rules.backoffMillis(3, () => 0),
      0,
    );
  });
});
