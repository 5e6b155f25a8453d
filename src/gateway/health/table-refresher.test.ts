import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { TableRefresher } from './table-refresher.ts';

function refresherTaking(buildMillis: number): { clock: ManualClock; refresher: TableRefresher; builds: number[] } {
  const clock = new ManualClock();
  const builds: number[] = [];
  const refresher = new TableRefresher(clock, {
    refresh: () => {
      builds.push(clock.now());
      clock.advance(buildMillis);
    },
  });
  return { clock, refresher, builds };
}

describe('TableRefresher', () => {
  it('builds once for all changes of a turn, and not within it', () => {
    const { clock, refresher, builds } = refresherTaking(0);
    refresher.changed();
    refresher.changed();
    assert.deepEqual(builds, []);
    clock.advance(0);
    assert.deepEqual(builds, [0]);
  });

  it('spends at most a tenth of the time on building', () => {
    const { clock, refresher, builds } = refresherTaking(20);
    for (let i = 0; i < 1000; i++) {
      refresher.changed();
      clock.advance(1);
    }
    assert.deepEqual(builds.slice(0, 3), [0, 200, 400]);
    assert.ok(builds.length <= 6);
  });

  it('makes no change wait longer than two seconds', () => {
    const { clock, refresher, builds } = refresherTaking(1000);
    refresher.changed();
    clock.advance(0);
    refresher.changed();
    clock.advance(2000);
    assert.deepEqual(builds, [0, 3000]);
  });

  it('builds no more once it is closed', () => {
    const { clock, refresher, builds } = refresherTaking(0);
    refresher.changed();
    refresher.close();
    clock.advance(10);
    assert.deepEqual(builds, []);
    assert.equal(clock.pending, 0);
  });
});
