import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { quoteForShell } from './shell-quote.ts';

describe('quoteForShell', () => {
  it('leaves plain words alone', () => assert.equal(quoteForShell('/tmp/a-b_c.yaml'), '/tmp/a-b_c.yaml'));

  it('makes one word of anything', () => {
    for (const text of ['a b', "it's", '$HOME `x` "y" \\', '', '*', 'ä\n']) {
      const printed = execFileSync('sh', ['-c', `printf %s ${quoteForShell(text)}`], { encoding: 'utf8' });
      assert.equal(printed, text);
    }
  });
});
