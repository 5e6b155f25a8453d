import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildEndpoint } from '../../../test/support/model-builder.ts';
import { UpstreamHost } from '../upstream-host.ts';
import { SessionTable } from './session-table.ts';

function hostAt(port: number): UpstreamHost {
  return new UpstreamHost('web', buildEndpoint({ host: '127.0.0.1', port }));
}

function setUp(capacity = 100) {
  const clock = { now: 1_000 };
  const causes: string[] = [];
  const table = new SessionTable({
    capacity,
    nowSeconds: () => clock.now,
    onCount: (host, change, cause) => {
      host.liveSessions += change;
      causes.push(cause);
    },
  });
  const see = (lo: number, host: UpstreamHost, windowSeconds = 100): string =>
    table.see({ hi: 1, lo: lo * 4096, host, windowSeconds }, 'seen');
  const idOf = (lo: number) => ({ hi: 1, lo: lo * 4096 });
  return { clock, causes, table, see, idOf };
}

describe('SessionTable', () => {
  it('counts a session once, where it was last', () => {
    const { table, see } = setUp();
    const [a, b] = [hostAt(1), hostAt(2)];
    assert.equal(see(1, a), 'new');
    assert.equal(see(1, a), 'none');
    assert.equal(see(2, a), 'new');
    assert.equal(see(1, b), 'moved');
    assert.deepEqual([a.liveSessions, b.liveSessions, table.size], [1, 1, 2]);
  });

  it('knows since when a session has no open stream, also one that has ended', () => {
    const { clock, table, see, idOf } = setUp();
    see(1, hostAt(1));
    assert.equal(table.secondsSinceStream(idOf(1)), Number.POSITIVE_INFINITY);
    for (let i = 0; i < 2; i++) table.open(idOf(1));
    table.close(idOf(1));
    clock.now += 200;
    assert.equal(table.secondsSinceStream(idOf(1)), 0);
    table.close(idOf(1));
    clock.now += 30;
    assert.equal(table.secondsSinceStream(idOf(1)), 30);
    table.open(idOf(1));
    table.end(idOf(1), 'ended');
    assert.equal(table.secondsSinceStream(idOf(1)), 0);
    table.close(idOf(1));
    assert.equal(table.secondsSinceStream(idOf(1)), Number.POSITIVE_INFINITY);
  });

  it('knows the streams of other processes, of each by itself', () => {
    const { clock, table, see, idOf } = setUp();
    const a = hostAt(1);
    see(1, a);
    for (const holder of [1, 2, 1]) table.follow(idOf(1), holder, 0);
    assert.equal(table.follow(idOf(1), 3, Number.POSITIVE_INFINITY), false);
    assert.equal(table.follow(idOf(1), 1, 5), true);
    assert.equal(table.secondsSinceStream(idOf(1)), 0);
    // As process 2 has to hear it.
    assert.notEqual(table.secondsSinceStream(idOf(1), 2), 0);
    clock.now += 10;
    assert.deepEqual(
      table.releaseAll(2).map(({ lo }) => lo),
      [idOf(1).lo],
    );
    clock.now += 99;
    table.sweep();
    assert.deepEqual([table.secondsSinceStream(idOf(1)), a.liveSessions], [99, 1]);
    clock.now += 3;
    table.sweep();
    assert.deepEqual([table.size, table.scheduled, a.liveSessions], [0, 0, 0]);
    assert.equal(table.follow(idOf(1), 1, 0), false);
  });

  it('gives up the stream of a process that says no more of it', () => {
    const { clock, table, see, idOf } = setUp();
    const a = hostAt(1);
    see(1, a);
    table.follow(idOf(1), 1, 0);
    clock.now += 110;
    table.sweep();
    assert.equal(table.secondsSinceStream(idOf(1)), 0);
    table.follow(idOf(1), 1, 0);
    clock.now += 110;
    table.sweep();
    assert.equal(table.secondsSinceStream(idOf(1)), 0);
    clock.now += 30;
    table.sweep();
    assert.deepEqual([table.size, table.scheduled, a.liveSessions], [0, 0, 0]);
  });

  it('forgets sessions with an open stream after all others, and no longer when it is closed', () => {
    const { table, see, idOf } = setUp(4);
    const a = hostAt(1);
    for (const id of [1, 2, 3]) see(id, a);
    table.open(idOf(1));
    table.follow(idOf(2), 7, 0);
    const known = (...ids: number[]): number[] => ids.filter((id) => table.find(idOf(id)) !== undefined);
    for (let id = 4; id <= 20; id++) see(id, a);
    assert.deepEqual(known(1, 2, 3, 18, 19, 20), [1, 2, 19, 20]);
    table.close(idOf(1));
    table.releaseAll(7);
    for (const id of [21, 22, 23]) see(id, a);
    assert.deepEqual(known(1, 2, 20, 21, 22, 23), [2, 21, 22, 23]);
  });

  it('forgets sessions whose clients have not come back before all others, and no longer when they have', () => {
    const { table, see, idOf } = setUp(10);
    const [a, b] = [hostAt(1), hostAt(2)];
    const flood = (from: number): void => {
      for (let lo = from; lo < from + 50; lo++) {
        table.see({ ...idOf(lo), host: b, windowSeconds: 60, isUnconfirmed: true }, 'seen');
      }
    };
    for (let lo = 1; lo <= 8; lo++) see(lo, a);
    flood(100);
    assert.deepEqual([a.liveSessions, b.liveSessions], [8, 2]);
    // One of them comes back, and one of the sessions is known by a flood's key.
    see(149, a);
    flood(200);
    assert.deepEqual([a.liveSessions, b.liveSessions], [9, 1]);
    table.open(idOf(249));
    see(9, a);
    flood(300);
    assert.equal(table.secondsSinceStream(idOf(249)), 0);
    assert.deepEqual([a.liveSessions, b.liveSessions, table.size], [8, 2, 10]);
  });

  it('is bounded also where every session has an open stream', () => {
    const { table, see, idOf } = setUp(3);
    const a = hostAt(1);
    for (let id = 1; id <= 10; id++) {
      see(id, a);
      table.open(idOf(id));
    }
    assert.deepEqual([table.size, table.scheduled, a.liveSessions, table.forgotten], [3, 3, 3, 7]);
    for (let id = 1; id <= 10; id++) table.close(idOf(id));
    assert.deepEqual([table.size, a.liveSessions], [3, 3]);
  });

  it('says again that a session is there which had ended under an open stream', () => {
    const { table, see, idOf } = setUp();
    const a = hostAt(1);
    see(1, a);
    table.open(idOf(1));
    table.end(idOf(1), 'ended');
    assert.equal(see(1, a), 'new');
    table.close(idOf(1));
    assert.deepEqual([table.size, a.liveSessions], [1, 1]);
  });

  it('forgets a session that was not used for its window, and not before', () => {
    const { clock, table, see, idOf } = setUp();
    const a = hostAt(1);
    see(1, a);
    clock.now += 99;
    table.sweep();
    assert.equal(a.liveSessions, 1);
    see(1, a);
    clock.now += 99;
    assert.notEqual(table.find(idOf(1)), undefined);
    clock.now += 1;
    assert.equal(table.find(idOf(1)), undefined);
    clock.now += 3;
    table.sweep();
    assert.deepEqual([a.liveSessions, table.size], [0, 0]);
  });

  it('follows a window that becomes shorter', () => {
    const { clock, table, see } = setUp();
    const a = hostAt(1);
    see(1, a, 1_000);
    for (let i = 0; i < 5; i++) {
      see(1, a, 10);
      see(1, a, 1_000);
    }
    see(1, a, 10);
    clock.now += 9;
    table.sweep();
    assert.equal(a.liveSessions, 1);
    clock.now += 2;
    table.sweep();
    assert.equal(a.liveSessions, 0);
  });

  it('tells of a session eight times in its window, and when the window changes', () => {
    const { clock, see } = setUp();
    const a = hostAt(1);
    see(1, a);
    let told = 0;
    for (let second = 0; second < 100; second++) {
      clock.now += 1;
      if (see(1, a) === 'refreshed') told++;
    }
    assert.equal(told, 7);
    assert.equal(see(1, a, 400), 'refreshed');
  });

  it('keeps a session with an open stream, and for its window after that', () => {
    const { clock, table, see, idOf } = setUp();
    const a = hostAt(1);
    see(1, a);
    table.open(idOf(1));
    table.open(idOf(1));
    clock.now += 1_000;
    table.sweep();
    table.close(idOf(1));
    clock.now += 1_000;
    table.sweep();
    assert.equal(a.liveSessions, 1);
    table.close(idOf(1));
    clock.now += 99;
    table.sweep();
    assert.equal(a.liveSessions, 1);
    clock.now += 4;
    table.sweep();
    assert.equal(a.liveSessions, 0);
  });

  it('ends a session at once, but not under an open stream', () => {
    const { table, see, idOf, causes } = setUp();
    const a = hostAt(1);
    see(1, a);
    see(2, a);
    table.open(idOf(2));
    assert.equal(table.end(idOf(1), 'ended'), true);
    assert.equal(table.end(idOf(2), 'ended'), true);
    assert.equal(table.end(idOf(3), 'ended'), false);
    assert.equal(a.liveSessions, 1);
    table.close(idOf(2));
    assert.equal(a.liveSessions, 0);
    assert.deepEqual(causes, ['seen', 'seen', 'ended', 'ended']);
  });

  it('forgets what was used longest ago where there are too many, and counts that', () => {
    const { clock, table, see, idOf } = setUp(3);
    const a = hostAt(1);
    for (const id of [1, 2, 3]) see(id, a);
    clock.now += 50;
    see(1, a);
    see(4, a);
    assert.deepEqual(
      [1, 2, 3, 4].map((id) => table.find(idOf(id)) !== undefined),
      [true, false, true, true],
    );
    assert.deepEqual([table.size, table.forgotten, a.liveSessions], [3, 1, 3]);
  });

  it('keeps nothing of what it has forgotten', () => {
    const { table, see, idOf } = setUp(3);
    const a = hostAt(1);
    for (let id = 1; id <= 100; id++) see(id, a, 1_800);
    assert.deepEqual([table.size, table.scheduled], [3, 3]);
    table.end(idOf(100), 'ended');
    see(99, a, 60);
    assert.deepEqual([table.size, table.scheduled], [2, 2]);
  });

  it('forgets the sessions of hosts that are gone', () => {
    const { table, see } = setUp();
    const [a, b] = [hostAt(1), hostAt(2)];
    see(1, a);
    see(2, b);
    table.forget((host) => host === a);
    assert.deepEqual([a.liveSessions, b.liveSessions, table.size], [0, 1, 1]);
  });
});
