import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HostTable, hostOf } from './host-table.ts';

describe('HostTable', () => {
  const table = tableOf([
    'h.example',
    '*.h.example',
    '*.b.h.example',
    'www.*',
    'www.q.example',
    '[::1]',
    '10.0.0.1',
    '*',
    'www.q.*',
  ]);
  const cases: [authority: string, domain: string][] = [
    ['h.example', 'h.example'],
    ['H.Example:8080', 'h.example'],
    ['h.example:', 'h.example'],
    ['h.example.', '*'],
    ['a.h.example', '*.h.example'],
    ['a.b.h.example', '*.b.h.example'],
    ['x.a.b.h.example:1', '*.b.h.example'],
    ['b.h.example', '*.h.example'],
    ['.h.example', '*'],
    ['xh.example', '*'],
    ['www.h.example', '*.h.example'],
    ['www.foo.com', 'www.*'],
    ['www.q.com', 'www.q.*'],
    ['www.q.example', 'www.q.example'],
    ['www.', '*'],
    ['[::1]', '[::1]'],
    ['[::1]:443', '[::1]'],
    ['[::2]', '*'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['', '*'],
    ['.', '*'],
    ['...', '*'],
  ];
  for (const [authority, domain] of cases) {
    it(`serves "${authority}" with ${domain}`, () => assert.equal(table.find(authority), domain));
  }

  it('finds nothing where no domain covers the host', () => {
    assert.equal(tableOf(['a.example', '*.b.example']).find('b.example'), undefined);
    assert.equal(tableOf([]).find('a'), undefined);
  });

  it('keeps the first of two values for one domain', () => {
    const first = new HostTable<number>();
    for (const domain of ['a', '*.a', 'a.*', '*']) {
      first.add(domain, 1);
      first.add(domain, 2);
    }
    assert.deepEqual(
      ['a', 'x.a', 'a.x', 'z'].map((host) => first.find(host)),
      [1, 1, 1, 1],
    );
  });

  it('gives the same answer twice, and another one once a domain was added', () => {
    const growing = tableOf(['a']);
    assert.deepEqual(
      [growing.find('b'), growing.find('b'), growing.find('a'), growing.find('b')],
      [undefined, undefined, 'a', undefined],
    );
    growing.add('b', 'b');
    assert.equal(growing.find('b'), 'b');
  });

  it('costs no more for a Host of many kilobytes than for a real one', () => {
    const evil = `${'a.'.repeat(30_000)}h.example`;
    const start = performance.now();
    for (let i = 0; i < 200; i++) assert.equal(table.find(`${i}${evil}`), '*.h.example');
    assert.ok(performance.now() - start < 2000);
  });
});

describe('hostOf', () => {
  it('folds ASCII letters only', () => assert.equal(hostOf('\xc9A'), '\xc9a'));
});

function tableOf(domains: string[]): HostTable<string> {
  const table = new HostTable<string>();
  for (const domain of domains) table.add(domain, domain);
  return table;
}
