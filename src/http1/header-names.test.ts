import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeaderNames, NO_HEADER_NAMES } from './header-names.ts';

describe('HeaderNames', () => {
  const names = new HeaderNames(['X-Request-Id', 'server', 'Via', 'date', 'x-request-id']);
  const has = (name: string) => names.has(`<${name}>`, 1, 1 + name.length);

  it('has its members in any case', () => {
    assert(has('x-request-id') && has('X-REQUEST-ID') && has('Server') && has('via') && has('DATE'));
  });

  it('has no other names, also of the same length', () => {
    for (const name of ['', 'host', 'serve', 'servers', 'server ', 'x-request-ib', 'v', 'dat\u0065\u0301']) {
      assert(!has(name), name);
    }
  });

  it('is not confused by lengths that are equal modulo 32', () => {
    assert(!has(`via${'x'.repeat(32)}`));
    assert(new HeaderNames([`via${'x'.repeat(32)}`]).has(`via${'x'.repeat(32)}`, 0, 35));
  });

  it('can be empty', () => {
    assert(NO_HEADER_NAMES.isEmpty && !names.isEmpty);
    assert(!NO_HEADER_NAMES.has('', 0, 0) && !NO_HEADER_NAMES.has('via', 0, 3));
  });
});
