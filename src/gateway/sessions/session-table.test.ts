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

  it('knows the sessions with an open stream, also those that have ended', () => {
    const { table, see, idOf } = setUp();
    see(1, hostAt(1));
    assert.equal(table.isStreaming(idOf(1)), false);
    for (let i = 0; i < 2; i++) table.open(idOf(1));
    table.close(idOf(1));
    table.end(idOf(1), 'ended');
    assert.equal(table.isStreaming(idOf(1)), true);
    table.close(idOf(1));
    assert.equal(table.isStreaming(idOf(1)), false);
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
