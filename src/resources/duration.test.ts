import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseGatewayDuration, parseGoDuration } from './duration.ts';

describe('parseGoDuration', () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['0', 0],
    ['0s', 0],
    ['60s', 60_000],
    ['1h30m0.5s', 5_400_500],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.s', 1000],
    ['100us', 0.1],
    ['100µs', 0.1],
    ['1ns', 1e-6],
    ['-5s', -5000],
    ['+5s', 5000],
    ['60', undefined],
    ['', undefined],
    ['s', undefined],
    ['1d', undefined],
    ['1 s', undefined],
    ['5s ', undefined],
    ['1e3s', undefined],
    ['9999999999h', undefined],
  ];
  for (const [text, millis] of cases)
    it(`reads ${JSON.stringify(text)} as ${millis} ms`, () => assert.equal(parseGoDuration(text), millis));

  it('is quick with a long text', () => assert.equal(parseGoDuration('1'.repeat(1_000_000)), undefined));
});

describe('parseGatewayDuration', () => {
  it('takes only whole numbers of h, m, s and ms', () => {
    assert.equal(parseGatewayDuration('1h30m'), 5_400_000);
    assert.equal(parseGatewayDuration('500ms'), 500);
    assert.equal(parseGatewayDuration('0s'), 0);
    for (const bad of ['1.5h', '-1s', '1d', '60', '0', '123456s', '1h1h1h1h1h', '1us']) {
      assert.equal(parseGatewayDuration(bad), undefined, bad);
    }
  });
});
