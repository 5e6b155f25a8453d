import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DrainProgress } from '../model/sessions-view.ts';
import { DrainDisplay, describeDrain } from './drain-display.ts';

function progress(overrides: Partial<DrainProgress> = {}): DrainProgress {
  return {
    pod: 'shop/web-0',
    uid: 'u1',
    addresses: ['10.0.0.1:8080'],
    by: 'order',
    state: 'draining',
    startedSeconds: 1_000,
    deadlineSeconds: null,
    sessions: 12,
    activeRequests: 1,
    oldestSeconds: 250,
    estimateSeconds: null,
    ...overrides,
  };
}

function showOn(isTTY: boolean, steps: readonly DrainProgress[], columns = 200): string {
  let text = '';
  const display = new DrainDisplay({ isTTY, columns, write: (piece) => (text += piece) });
  for (const step of steps) display.show(step);
  display.finish(steps.at(-1) ?? progress());
  return text;
}

const STEPS = [
  progress(),
  progress({ oldestSeconds: 251 }),
  progress({ sessions: 3, activeRequests: 0, estimateSeconds: 7_500 }),
  progress({ sessions: 0, activeRequests: 0, state: 'empty' }),
];

describe('DrainDisplay', () => {
  it('writes a line for each change where there is no terminal', () => {
    assert.deepEqual(showOn(false, STEPS).split('\n'), [
      'draining shop/web-0 (10.0.0.1:8080): 12 sessions, 1 request in flight, oldest 4m10s',
      'draining shop/web-0 (10.0.0.1:8080): 3 sessions, 0 requests in flight, oldest 4m10s, about 2h05m to go',
      'draining shop/web-0 (10.0.0.1:8080): 0 sessions, 0 requests in flight, oldest 4m10s',
      'shop/web-0 is empty',
      '',
    ]);
  });

  it('draws a bar over and over on a terminal, no wider than that', () => {
    const text = showOn(true, STEPS);
    assert.equal(text.split('\n').length, 2);
    assert.match(text, /\[-{24}\] {2}0% 12 sessions/);
    assert.match(text, /\[#{18}-{6}\] 76% 3 sessions/);
    assert.match(text, /\[#{24}\]100%/);
    assert.ok(text.endsWith('\r\u001b[Kshop/web-0 is empty\n'));
    for (const line of showOn(true, STEPS, 40).split('\r\u001b[K')) assert.ok(line.trimEnd().length < 40);
  });

  it('takes a terminal of unknown width for a common one', () => {
    assert.match(showOn(true, STEPS, 0), /0% 12 sessions, 1 request in flight/);
  });

  it('says how it ended', () => {
    const over = progress({ state: 'over', sessions: 2, activeRequests: 1 });
    assert.match(showOn(false, [over]), /shop\/web-0: the deadline has come; 2 sessions and 1 request left\n$/);
    assert.match(showOn(false, [progress({ state: 'gone', addresses: [] })]), /shop\/web-0 is gone\n$/);
  });

  it('calls a pod without a name by its address, and tells the deadline', () => {
    const line = describeDrain(progress({ pod: '', uid: '', deadlineSeconds: 1_795_266_000 }));
    assert.match(line, /^10\.0\.0\.1:8080: 12 sessions, .*, deadline \d\d:\d\d:\d\dZ$/);
  });
});
