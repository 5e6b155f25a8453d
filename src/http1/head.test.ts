import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRequestHead } from '../../test/support/http1-messages.ts';

const LINES = ['GET /a HTTP/1.1', 'Host: a.example', 'X-A:  1 ', 'Cookie: b', 'x-a: 2', 'X-AB: 3'];

describe('Head', () => {
  it('finds headers in any case, one after the other', () => {
    const { head } = parseRequestHead(...LINES);
    const first = head.findHeader('x-a', 0);
    const second = head.findHeader('x-a', first + 1);
    assert.deepEqual([first, second, head.findHeader('x-a', second + 1)], [1, 3, -1]);
    assert.deepEqual([head.headerValue(first), head.headerValue(second)], ['1', '2']);
  });

  it('does not take a part of a name for the name', () => {
    const { head } = parseRequestHead(...LINES);
    assert.equal(head.findHeader('x', 0), -1);
    assert.equal(head.findHeader('x-', 0), -1);
    assert.equal(head.findHeader('x-abc', 0), -1);
  });

  it('gives names in lower case and values by name', () => {
    const { head } = parseRequestHead(...LINES);
    assert.equal(head.headerName(2), 'cookie');
    assert.equal(head.value('cookie'), 'b');
    assert.equal(head.value('accept'), undefined);
  });

  it('has room for more headers than at first', () => {
    const names = Array.from({ length: 99 }, (_, index) => `X-${index}`);
    const { head } = parseRequestHead('GET / HTTP/1.1', 'Host: a', ...names.map((name) => `${name}: ${name}`));
    assert.equal(head.count, 100);
    for (const name of names) assert.equal(head.value(name.toLowerCase()), name);
  });

  it('holds nothing of a message once it is cleared', () => {
    const { head } = parseRequestHead(...LINES);
    head.clear();
    assert.deepEqual([head.text, head.count, head.method, head.target], ['', 0, '', '']);
    assert.equal(head.findHeader('host', 0), -1);
  });
});
