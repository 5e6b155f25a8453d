import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHost, isHostWithPort, isSameHost } from './host.ts';

// The grammar's cases are in testdata/request-host.md.
describe('isHost', () => {
  it('looks at all of the text', () => {
    assert(isHost('a.example:80') && isHost('[::1]:80'));
    assert(!isHost('') && !isHost('a.example:80 ') && !isHost('\n') && !isHost('a.example\n'));
  });

  it('takes no characters beyond latin1', () => {
    assert(!isHost('exampl\u0451') && !isHost('a:\u0661'));
  });
});

describe('isHostWithPort', () => {
  it('wants a port', () => {
    assert(isHostWithPort('a:80') && isHostWithPort('[::1]:80'));
    assert(!isHostWithPort('a') && !isHostWithPort('a:') && !isHostWithPort('[::1]') && !isHostWithPort(':80'));
  });
});

describe('isSameHost', () => {
  it('compares without case', () => {
    assert(isSameHost('A.example', 'a.Example', 'http'));
    assert(!isSameHost('a.example', 'b.example', 'http'));
  });

  it('knows the port of the scheme', () => {
    assert(isSameHost('a:80', 'a', 'http') && isSameHost('a', 'a:443', 'https') && isSameHost('a:', 'a', 'http'));
    assert(
      !isSameHost('a:443', 'a', 'http') && !isSameHost('a:80', 'a', 'https') && !isSameHost('a:80', 'a:81', 'http'),
    );
  });
});
