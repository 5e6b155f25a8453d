import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeExplainRequest } from './explain-request.ts';

describe('decodeExplainRequest', () => {
  it('fills in what may be left out', () => {
    assert.deepEqual(decodeExplainRequest({ url: 'http://a/' }), {
      url: 'http://a/',
      method: 'GET',
      headers: [],
      sourceIp: null,
    });
  });

  it('takes headers as pairs or as an object with one or several values', () => {
    const pairs = [
      ['a', '1'],
      ['a', '2'],
      ['b', ''],
    ];
    assert.deepEqual(decodeExplainRequest({ url: 'http://a/', headers: pairs }).headers, pairs);
    assert.deepEqual(decodeExplainRequest({ url: 'http://a/', headers: { a: ['1', '2'], b: '' } }).headers, pairs);
  });

  it('refuses everything else', () => {
    const url = 'http://a/';
    const wrong: unknown[] = [
      null,
      [],
      'http://a/',
      {},
      { url: '/relative' },
      { url: 'ftp://a/' },
      { url: 1 },
      { url, method: 'G T' },
      { url, sourceIp: 'localhost' },
      { url, header: {} },
      { url, headers: 'a: b' },
      { url, headers: [['a']] },
      { url, headers: [['a b', 'c']] },
      { url, headers: [['a', 1]] },
      { url, headers: [['a', 'b\r\nc: d']] },
      { url, headers: [['a', 'ś']] },
      { url, headers: Array(201).fill(['a', 'b']) },
    ];
    for (const body of wrong) assert.throws(() => decodeExplainRequest(body), { status: 400 }, JSON.stringify(body));
  });
});
