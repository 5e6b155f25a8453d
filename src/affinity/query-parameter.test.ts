import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readQueryParameter } from './query-parameter.ts';

describe('readQueryParameter', () => {
  const cases: readonly (readonly [path: string, value: string | null])[] = [
    ['/', null],
    ['/?', null],
    ['/?k=v', 'v'],
    ['/?k=v&k=w', 'v'],
    ['/?k', ''],
    ['/?k=', ''],
    ['/?k&k=2', ''],
    ['/?kk=1&k=2', '2'],
    ['/?&&k=v', 'v'],
    ['/?=v&k=z', 'z'],
    ['/?K=v', null],
    ['/?k=a=b', 'a=b'],
    ['/?x=1?k=2', null],
    ['/?k=1?k=2', '1?k=2'],
    ['/?;k=v', null],
    ['/?%6b=v', null],
    ['/?k=%41+b', '%41+b'],
    ['/k=1', null],
  ];
  for (const [path, value] of cases) {
    it(`reads ${JSON.stringify(value)} from ${path}`, () => assert.equal(readQueryParameter(path, 'k'), value));
  }
});
