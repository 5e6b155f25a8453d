import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { requestWith } from '../../test/support/affinity.ts';
import { parseCookieLine, readCookie, SetCookie } from './cookie.ts';

describe('parseCookieLine', () => {
  const cases: readonly (readonly [line: string, value: string | null])[] = [
    ['sid=1', '1'],
    ['a=1; sid=2; sid=3', '2'],
    ['a=1;sid=2', '2'],
    ['sid=', ''],
    ['sid=; sid=2', ''],
    ['sid', null],
    ['sid; sid=3', '3'],
    ['SID=1', null],
    ['xsid=1', null],
    ['sidx=1', null],
    ['sid =1', null],
    ['sid= 2 ', ' 2 '],
    ['a=1;\tsid=2', null],
    ['sid="x"', 'x'],
    ['sid="x', '"x'],
    ['sid="', '"'],
    ['sid=""', ''],
    ['sid="a;b"', '"a'],
    ['sid=a=b', 'a=b'],
    [';;; sid=2', '2'],
    ['=1; sid=2', '2'],
    ['', null],
  ];
  for (const [line, value] of cases) {
    it(`reads ${JSON.stringify(value)} from ${JSON.stringify(line)}`, () => {
      assert.equal(parseCookieLine(line, 'sid'), value);
    });
  }

  it('reads any line, and finds a cookie that is there', () => {
    const text = fc.string({ unit: fc.constantFrom('s', 'i', 'd', '=', ';', ' ', '"', '\t', ',', 'é') });
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '=', ' ') });
    fc.assert(
      fc.property(text, value, (line, wanted) => {
        parseCookieLine(line, 'sid');
        assert.equal(parseCookieLine(`${line.replaceAll('sid', '')}; key=${wanted}`, 'key'), wanted);
      }),
    );
  });
});

describe('readCookie', () => {
  it('goes through all Cookie lines until one has the name', () => {
    const request = requestWith([
      ['cookie', 'a=1'],
      ['x', 'sid=0'],
      ['cookie', 'sid=2'],
      ['cookie', 'sid=3'],
    ]);
    assert.equal(readCookie(request, 'sid'), '2');
    assert.equal(readCookie(request, 'b'), null);
  });
});

describe('SetCookie', () => {
  it('prints what is configured, and HttpOnly always', () => {
    const bare = { name: 'sid', ttlMillis: 0, path: '', attributes: [] };
    assert.equal(new SetCookie(bare).format('v'), 'sid="v"; HttpOnly');
    assert.equal(new SetCookie({ ...bare, ttlMillis: null }).format('v'), 'sid="v"; HttpOnly');
    assert.equal(new SetCookie({ ...bare, ttlMillis: 999 }).format('v'), 'sid="v"; HttpOnly');
    assert.equal(
      new SetCookie({ ...bare, ttlMillis: 60_000, path: '/' }).format('v'),
      'sid="v"; Max-Age=60; Path=/; HttpOnly',
    );
    const attributes = [
      { name: 'SameSite', value: 'Strict' },
      { name: 'Secure', value: '' },
    ];
    assert.equal(new SetCookie({ ...bare, attributes }).format('v'), 'sid="v"; SameSite=Strict; Secure; HttpOnly');
  });

  it('is bytes', () => {
    assert.equal(
      new SetCookie({ name: 'é', ttlMillis: 0, path: '', attributes: [] }).format('v'),
      '\xc3\xa9="v"; HttpOnly',
    );
  });
});
