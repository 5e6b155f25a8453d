import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildEndpoint } from '../../../test/support/model-builder.ts';
import type { SessionLedger } from '../../affinity/session-ledger.ts';
import { type UpstreamHost, UpstreamHosts } from '../upstream-host.ts';
import { SessionCenter } from './session-center.ts';
import type { SessionReport } from './session-report.ts';
import { WorkerSessions } from './worker-sessions.ts';

const WINDOW = 100;
const PORTS = [1, 2, 3] as const;

function createHosts(): { readonly hosts: UpstreamHosts; readonly at: (port: number) => UpstreamHost } {
  const hosts = new UpstreamHosts();
  const at = (port: number): UpstreamHost => hosts.hostFor('web', buildEndpoint({ host: '127.0.0.1', port }));
  for (const port of PORTS) at(port);
  return { hosts, at };
}

/** A primary and workers, with the channel between them: what is sent is copied as a process would receive it. */
class Processes {
  now = 1_000;
  readonly center: SessionCenter;
  readonly primary = createHosts();
  readonly workers: readonly (ReturnType<typeof createHosts> & { readonly sessions: WorkerSessions })[];

  constructor(count: number, capacity = 1_000) {
    const nowSeconds = (): number => this.now;
    this.center = new SessionCenter({ hosts: () => this.primary.hosts, capacity, hasWorkers: true, nowSeconds });
    this.workers = Array.from({ length: count }, (_, index) => {
      const own = createHosts();
      const report = (news: SessionReport): void => this.center.report(index, structuredClone(news));
      const share = { index, count };
      return { ...own, sessions: new WorkerSessions({ hosts: () => own.hosts, capacity, share, report, nowSeconds }) };
    });
  }

  /** One round: all report, and all are told. */
  exchange(): void {
    for (const { sessions } of this.workers) sessions.tick();
    this.center.sweep();
    for (const [worker, notice] of this.center.notices(this.workers.length)) {
      this.workers[worker]?.sessions.receive(structuredClone(notice));
    }
  }

  see(worker: number, id: number, port: number, isKey = false): void {
    this.#tell(worker, 'seen', id, port, isKey);
  }

  #tell(worker: number, what: 'seen' | 'ended' | 'opened' | 'closed', id: number, port: number, isKey = false): void {
    const { sessions, at } = this.workers[worker] as (typeof this.workers)[number];
    const ledger: SessionLedger<UpstreamHost> = sessions;
    ledger[what]({ hi: id, lo: id * 4096, host: at(port), windowSeconds: WINDOW, isKey });
  }

  end(worker: number, id: number, port: number): void {
    this.#tell(worker, 'ended', id, port);
  }

  open(worker: number, id: number, port: number): void {
    this.#tell(worker, 'opened', id, port);
  }

  close(worker: number, id: number, port: number): void {
    this.#tell(worker, 'closed', id, port);
  }

  /** Live sessions at each of the hosts: as the primary counts them, then as each worker knows. */
  counts(): number[][] {
    return [this.primary, ...this.workers].map(({ at }) => PORTS.map((port) => at(port).liveSessions));
  }
}

describe('counting live sessions in workers', () => {
  it('counts a session once that several workers see, and everywhere', () => {
    const all = new Processes(2);
    all.see(0, 1, 1);
    all.see(1, 1, 1);
    all.see(1, 2, 2);
    // At once in the worker that saw it.
    assert.deepEqual(all.counts(), [
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
    ]);
    all.exchange();
    assert.deepEqual(all.counts(), [
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 0],
    ]);
  });

  it('adds what a worker has seen since to what the primary says', () => {
    const all = new Processes(2);
    all.see(0, 1, 1);
    all.exchange();
    all.see(0, 2, 1);
    all.see(1, 3, 1);
    assert.deepEqual(
      all.counts().map(([first]) => first),
      [1, 2, 2],
    );
    all.exchange();
    assert.deepEqual(
      all.counts().map(([first]) => first),
      [3, 3, 3],
    );
  });

  it('keeps a session that goes on in one worker, and one with a silent stream', () => {
    const all = new Processes(2);
    all.see(0, 1, 1);
    all.open(1, 2, 2);
    for (let round = 0; round < 40; round++) {
      all.now += WINDOW / 10;
      all.see(0, 1, 1);
      all.exchange();
    }
    assert.deepEqual(all.counts(), [
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 0],
    ]);
    all.close(1, 2, 2);
    for (let round = 0; round < 12; round++) {
      all.now += WINDOW / 10;
      all.exchange();
    }
    assert.deepEqual(all.counts(), [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('does not let a stream bring its session back to where it was', () => {
    const all = new Processes(2);
    all.open(0, 1, 1);
    all.exchange();
    all.see(1, 1, 2);
    all.exchange();
    for (let round = 0; round < 20; round++) {
      all.now += WINDOW / 10;
      all.exchange();
    }
    assert.deepEqual(all.counts()[0], [0, 1, 0]);
  });

  it('tells every worker the places of keys, and a new one all of them', () => {
    const all = new Processes(3);
    const id = { hi: 7, lo: 7 * 4096 };
    all.see(0, 7, 2, true);
    all.see(0, 8, 1);
    all.exchange();
    for (const { sessions } of all.workers) assert.equal(sessions.placeOf(id)?.port, 2);
    assert.equal(all.workers[1]?.sessions.placeOf({ hi: 8, lo: 8 * 4096 }), null);
    const late = new Processes(1);
    const [worker] = late.workers;
    worker?.sessions.receive(structuredClone(all.center.notice()));
    assert.equal(worker?.sessions.placeOf(id)?.port, 2);
    assert.deepEqual(late.counts()[1], [1, 1, 0]);
    // A key that moves is known to have moved.
    all.see(2, 7, 3, true);
    all.exchange();
    for (const { sessions } of all.workers) assert.equal(sessions.placeOf(id)?.port, 3);
  });

  it('survives the end of a worker', () => {
    const all = new Processes(2);
    all.see(0, 1, 1);
    all.see(1, 2, 1);
    all.exchange();
    all.center.onExit(1);
    all.now += 10;
    all.see(0, 1, 1);
    all.exchange();
    assert.equal(all.primary.at(1).liveSessions, 2);
    assert.equal(all.workers[0]?.at(1).liveSessions, 2);
  });

  it('takes no part of sessions of hosts that it does not know', () => {
    const all = new Processes(1);
    const stranger = all.workers[0]?.hosts.hostFor('web', buildEndpoint({ host: '127.0.0.1', port: 99 }));
    assert.ok(stranger);
    all.see(0, 1, 1);
    all.exchange();
    all.workers[0]?.sessions.seen({ hi: 1, lo: 4096, host: stranger, windowSeconds: WINDOW });
    all.exchange();
    assert.deepEqual(all.counts()[0], [0, 0, 0]);
  });

  it('comes to the right counts whatever happens', () => {
    const act = fc.record({
      kind: fc.constantFrom('see', 'see', 'see', 'end', 'exchange', 'wait'),
      worker: fc.nat(2),
      id: fc.integer({ min: 1, max: 4 }),
      port: fc.constantFrom(...PORTS),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const all = new Processes(3);
        const model = new Map<number, { readonly port: number; readonly until: number }>();
        for (const { kind, worker, id, port } of acts) {
          if (kind === 'see') {
            all.see(worker, id, port);
            model.set(id, { port, until: all.now + WINDOW });
          } else if (kind === 'end') {
            all.end(worker, id, port);
            model.delete(id);
          } else if (kind === 'wait') all.now += 3;
          // News of one session from two workers has no order but that of rounds.
          all.exchange();
        }
        all.exchange();
        const expected = PORTS.map((port) => [...model.values()].filter((each) => each.port === port).length);
        for (const counts of all.counts()) assert.deepEqual(counts, expected);
        all.now += 2 * WINDOW;
        all.exchange();
        for (const counts of all.counts()) assert.deepEqual(counts, [0, 0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
